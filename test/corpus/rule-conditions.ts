import { isRecord, listAt, valueAt } from "../../scripts/schema/value.ts";
import { fullHost } from "../../scripts/traffic/hosts.ts";
import type { Mutant } from "./mutants.ts";
import { isAlwaysMissing, namedBy, namespaceOf } from "./named-destinations.ts";

// Conditions under which a change of a VirtualService's rules has no effect.

/** Whether a preceding rule matches every request. */
export function isBehindAll({ object, path, change }: Mutant, before: readonly unknown[]): boolean {
  const at = path.findLast((key) => typeof key === "number");
  const rule = path[2] ?? at;
  if (typeof rule !== "number") return false;
  const first = firstThatTakesAll(before[object]);
  return first >= 0 && first < (change === "order" && path.length === 3 ? rule - 1 : rule);
}

/** The index of the first rule that matches every request; -1 if none does. */
export function firstThatTakesAll(virtualService: unknown): number {
  const gateways = gatewaysOf(virtualService);
  return listAt(virtualService, ["spec", "http"]).findIndex((rule) => {
    const matches = listAt(rule, ["match"]);
    return matches.length === 0 || matches.some((match) => isNoCondition(match, gateways));
  });
}

function gatewaysOf(virtualService: unknown): unknown[] {
  const gateways = listAt(virtualService, ["spec", "gateways"]);
  return gateways.length > 0 ? gateways : ["mesh"];
}

function isNoCondition(match: unknown, gateways: readonly unknown[]): boolean {
  return (
    isRecord(match) &&
    Object.entries(match).every(([field, wanted]) => {
      if (field === "name" || field === "statPrefix") return true;
      if (field === "gateways") return gateways.every((one) => listAt(wanted, []).includes(one));
      return field === "uri" && JSON.stringify(wanted) === '{"prefix":"/"}';
    })
  );
}

/** Whether the two swapped rules do the same, or no request matches both. */
export function needNoOrder({ object, path }: Mutant, before: readonly unknown[]): boolean {
  const at = path[2];
  if (path.length !== 3 || typeof at !== "number") return false;
  const [first, second] = [at - 1, at].map((i) => valueAt(before[object], ["spec", "http", i]));
  if (actionOf(first) === actionOf(second)) return true;
  if ([first, second].every((rule) => isAlwaysMissing(rule, before[object], before))) return true;
  const [ofFirst, ofSecond] = [first, second].map((rule) => listAt(rule, ["match"])) as [
    unknown[],
    unknown[],
  ];
  return (
    ofFirst.length > 0 &&
    ofSecond.length > 0 &&
    ofFirst.every((x) => ofSecond.every((y) => areExclusive(x, y, before) || areExclusive(y, x, before)))
  );
}

/** The effect of a rule on matching requests. */
export function actionOf(rule: unknown): string {
  return isRecord(rule) ? JSON.stringify({ ...rule, match: undefined, name: undefined }) : "";
}

/** Whether no request can satisfy both matches. */
function areExclusive(x: unknown, y: unknown, objects: readonly unknown[]): boolean {
  const [gatewaysOfX, gatewaysOfY] = [x, y].map((match) => listAt(match, ["gateways"])) as [
    unknown[],
    unknown[],
  ];
  if (
    gatewaysOfX.length > 0 &&
    gatewaysOfY.length > 0 &&
    !gatewaysOfX.some((one) => gatewaysOfY.includes(one))
  )
    return true;
  const host = valueAt(y, ["authority", "exact"]);
  if (gatewaysOfX.length > 0 && typeof host === "string") {
    const open = objects.filter((one) => gatewaysOfX.includes(valueAt(one, ["metadata", "name"])));
    if (
      open.length > 0 &&
      !JSON.stringify(open).includes(`"${host}"`) &&
      !JSON.stringify(open).includes('"*')
    )
      return true;
  }
  const [portOfX, portOfY] = [x, y].map((match) => valueAt(match, ["port"]) ?? 0);
  if (portOfX !== 0 && portOfY !== 0 && portOfX !== portOfY) return true;
  if (areApart(valueAt(x, ["uri"]), valueAt(y, ["uri"]))) return true;
  return ["headers", "queryParams"].some((field) =>
    Object.entries(valueAt(x, [field]) ?? {}).some(([name, wanted]) => {
      const [a, b] = [wanted, valueAt(y, [field, name])].map(firstCharacters);
      return a !== undefined && b !== undefined && !a.some((char) => b.includes(char));
    }),
  );
}

/** Whether no path satisfies both conditions, regardless of case sensitivity. */
function areApart(x: unknown, y: unknown): boolean {
  const [a, b] = [x, y].map((wanted) => {
    const [exact, prefix] = ["exact", "prefix"].map((kind) => valueAt(wanted, [kind]));
    const text = exact ?? prefix;
    return typeof text === "string" ? { text: text.toLowerCase(), isWhole: exact !== undefined } : undefined;
  });
  if (a === undefined || b === undefined) return false;
  const takes = (one: typeof a, other: typeof a): boolean =>
    one.isWhole ? one.text === other.text && other.isWhole : other.text.startsWith(one.text);
  return !takes(a, b) && !takes(b, a);
}

/** The characters with which a matching value may begin, if the match determines them; an expression may list them in brackets. */
function firstCharacters(wanted: unknown): string[] | undefined {
  const [exact, prefix, regex] = ["exact", "prefix", "regex"].map((kind) => valueAt(wanted, [kind]));
  const text = exact ?? prefix;
  if (typeof text === "string" && text !== "") return [text.charAt(0)];
  const [, bracket] = /^\^?\[([A-Za-z0-9]+)\]/.exec(String(regex)) ?? [];
  return bracket === undefined ? undefined : [...bracket];
}

/** Whether the Service of a destination, or of the hosts of its VirtualService, has only the written port. */
export function isOnlyPort({ object, path }: Mutant, before: readonly unknown[]): boolean {
  const destination = valueAt(before[object], [...path.slice(0, 5), "destination"]);
  const { host } = namedBy(destination, before[object]);
  return before.some((one) => {
    const name = `${String(valueAt(one, ["metadata", "name"]))}.${namespaceOf(one)}.svc.cluster.local`;
    const ports = listAt(one, ["spec", "ports"]).map((port) => valueAt(port, ["port"]));
    const isThere = valueAt(one, ["kind"]) === "Service" && name === host;
    return isThere && ports.length === 1 && ports[0] === valueAt(destination, ["port", "number"]);
  });
}

/** Whether every condition of a rule matches the prefix that its rewrite inserts. */
export function isRewrittenToItself({ object, path }: Mutant, before: readonly unknown[]): boolean {
  const rule = valueAt(before[object], path.slice(0, 3));
  const [matches, rewrite] = [listAt(rule, ["match"]), valueAt(rule, ["rewrite"])];
  const { uri, ...others } = isRecord(rewrite) ? rewrite : {};
  const isSame = matches.every((match) => valueAt(match, ["uri", "prefix"]) === uri);
  return matches.length > 0 && isSame && Object.keys(others).length === 0;
}

/** Whether an earlier rule matches the same requests at all other gateways of a VirtualService. */
export function isTakenElsewhere({ object, path }: Mutant, before: readonly unknown[]): boolean {
  const at = path[2];
  const own = valueAt(before[object], path.slice(0, 5));
  const asked = (match: unknown): string =>
    JSON.stringify({ ...(isRecord(match) ? match : {}), gateways: undefined });
  const earlier = listAt(before[object], ["spec", "http"])
    .slice(0, typeof at === "number" ? at : 0)
    .flatMap((rule) => listAt(rule, ["match"]))
    .filter((match) => asked(match) === asked(own));
  const covered = [own, ...earlier].flatMap((match) => listAt(match, ["gateways"]));
  return gatewaysOf(before[object]).every((gateway) => covered.includes(gateway));
}

/** Whether a condition on the authority matches none of the hosts of its VirtualService, before and after the change. */
export function isOfNoHost({ object, objects, path }: Mutant, before: readonly unknown[]): boolean {
  return [before[object], objects[object]].every((one) => {
    const hosts = listAt(one, ["spec", "hosts"]).map((host) => fullHost(String(host), namespaceOf(one)));
    const begin =
      valueAt(one, [...path.slice(0, 6), "prefix"]) ?? valueAt(one, [...path.slice(0, 6), "exact"]);
    return typeof begin === "string" && hosts.every((host) => !host.includes("*") && !host.startsWith(begin));
  });
}

/** Whether the changed rule is in a delegate and Istio omits it, because it and its root differ in case sensitivity. */
export function isLeftOutOfRoot(
  { object, objects, path, change }: Mutant,
  before: readonly unknown[],
): boolean {
  const at = path[2];
  if (typeof at !== "number") return false;
  const rules = change === "order" && path.length === 3 ? [at - 1, at] : [at];
  return [before, objects].every((all) => {
    const own = all[object];
    if (listAt(own, ["spec", "hosts"]).length > 0) return false;
    const roots = all.flatMap((one) =>
      listAt(one, ["spec", "http"]).filter((rule) => {
        const [name, namespace] = ["name", "namespace"].map((field) => valueAt(rule, ["delegate", field]));
        const isSame = (namespace ?? namespaceOf(one)) === namespaceOf(own);
        return isSame && name === valueAt(own, ["metadata", "name"]);
      }),
    );
    const ofRoots = roots.flatMap((rule) => listAt(rule, ["match"]));
    return (
      ofRoots.length > 0 &&
      rules.some((i) => {
        const matches = listAt(own, ["spec", "http", i, "match"]);
        const differ = (x: unknown, y: unknown): boolean =>
          (valueAt(x, ["ignoreUriCase"]) ?? false) !== (valueAt(y, ["ignoreUriCase"]) ?? false);
        return matches.some((match) => ofRoots.every((ofRoot) => differ(ofRoot, match)));
      })
    );
  });
}

/** Whether a rule matches only requests with one method other than OPTIONS, so that it answers no preflight requests. */
export function isWithoutPreflights({ object, path }: Mutant, before: readonly unknown[]): boolean {
  const matches = listAt(before[object], [...path.slice(0, 3), "match"]);
  const methods = matches.map((match) => valueAt(match, ["method", "exact"]));
  return methods.length > 0 && methods.every((method) => typeof method === "string" && method !== "OPTIONS");
}

/** Whether no rule delegates to a VirtualService without hosts, before and after the change. */
export function isDelegateOfNoRule({ object, objects }: Mutant, before: readonly unknown[]): boolean {
  return [before, objects].every((all) => isDelegateOfNone(all[object], all));
}

/** Whether an object is a VirtualService without hosts, and no rule delegates to any. */
export function isDelegateOfNone(virtualService: unknown, objects: readonly unknown[]): boolean {
  const isRoot = valueAt(virtualService, ["kind"]) !== "VirtualService";
  if (isRoot || listAt(virtualService, ["spec", "hosts"]).length > 0) return false;
  const rules = objects.flatMap((one) => listAt(one, ["spec", "http"]));
  return rules.every((rule) => valueAt(rule, ["delegate"]) === undefined);
}

/** Whether earlier rules take all requests of the changed rule or match, before and after the change. */
export function isTakenBefore({ object, objects, path }: Mutant, before: readonly unknown[]): boolean {
  const at = path[2];
  if (typeof at !== "number" || path.length < 4) return false;
  return [before[object], objects[object]].every((one) => {
    const http = listAt(one, ["spec", "http"]);
    const earlier = http.slice(0, at).flatMap((rule) => listAt(rule, ["match"]));
    const all = listAt(http[at], ["match"]);
    const own = path[3] === "match" && typeof path[4] === "number" ? [all[path[4]]] : all;
    return own.length > 0 && own.every((match) => earlier.some((other) => takesAllOf(other, match)));
  });
}

function takesAllOf(match: unknown, other: unknown): boolean {
  return (
    isRecord(match) &&
    Object.entries(match).every(([field, wanted]) => {
      const given = valueAt(other, [field]);
      if (field === "name" || field === "statPrefix" || JSON.stringify(wanted) === JSON.stringify(given))
        return true;
      const [prefix, longer] = [wanted, given].map((uri) => valueAt(uri, ["prefix"]));
      return field === "uri" && typeof prefix === "string" && String(longer).startsWith(prefix);
    })
  );
}

/** Whether a VirtualService of sidecars does what happens without rules, or nothing, before and after the change. */
export function isLikeNoRule({ object, objects }: Mutant, before: readonly unknown[]): boolean {
  return [before, objects].every((all) => {
    const own = all[object];
    if (isDelegateOfNone(own, all)) return true;
    const [rule, second] = listAt(own, ["spec", "http"]);
    const [to, other] = listAt(rule, ["route"]);
    const isPlain =
      JSON.stringify(rule) ===
      JSON.stringify({ route: [{ destination: { host: valueAt(to, ["destination", "host"]) } }] });
    const hosts = listAt(own, ["spec", "hosts"]).map((host) => fullHost(String(host), namespaceOf(own)));
    const { host } = namedBy(valueAt(to, ["destination"]), own);
    const isOfMesh = gatewaysOf(own).every((gateway) => gateway === "mesh");
    return (
      isPlain && isOfMesh && second === undefined && other === undefined && hosts.every((one) => one === host)
    );
  });
}
