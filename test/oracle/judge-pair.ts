import { parseDocuments } from "../../scripts/manifests/document.ts";
import { isRecord, valueAt } from "../../scripts/schema/value.ts";
import type { Difference } from "../../scripts/traffic/equal/counterexample.ts";
import { compareDocuments, type ComparedDocuments } from "../../scripts/traffic/equal/compare-documents.ts";
import {
  configText,
  NO_CLUSTER,
  outcome,
  type ProxiedRequest,
  type RouteConfig,
  routeConfigs,
} from "./envoy-routes.ts";
import { hostsIn, samplesOf } from "./envoy-samples.ts";
import type { Pair } from "./pairs.ts";
import { PROXIES, SERVICES } from "./sides.ts";
import type { Generated, PilotAnswer } from "./pilot.ts";

/** The relation of istiod's outputs: equal except for names, equal for all samples, or different. */
export type PilotVerdict = "same text" | "same outcomes" | "different";

/** The verdicts of both for a pair, and their contradiction. */
export interface JudgedPair {
  ours: "equal" | "different" | "unknown" | "refused" | "no host";
  pilot: PilotVerdict | "refused";
  /** Why the verdict of `equal` is unknown or refused. */
  why: string[];
  /** The description of a contradiction. */
  wrong: string | undefined;
}

/** The configurations of one proxy on both sides. */
export interface ProxyConfigs {
  proxy: string;
  a: RouteConfig[];
  b: RouteConfig[];
}

/** Compares the verdict of `equal` with istiod's outputs for a pair. */
export function judgePair(pair: Pair, [a, b]: readonly [PilotAnswer, PilotAnswer]): JudgedPair {
  const ours = compareSides(pair);
  const own = { ours: verdictOf(ours), why: reasonsOf(ours) };
  if (a.refusal !== undefined || b.refusal !== undefined)
    return { ...own, pilot: "refused", wrong: undefined };
  const configs = configsOf(pair, [a, b]);
  const shown = firstDifference(configs);
  const isSameText = configs.every((one) => configText(one.a) === configText(one.b));
  const pilot = isSameText ? "same text" : shown === undefined ? "same outcomes" : "different";
  return { ...own, pilot, wrong: contradiction(ours, pilot, shown, configs) };
}

/** The verdict of `equal`, with the Services of both sides. */
export function compareSides(pair: Pair): ComparedDocuments {
  const [a, b] = [pair.a, pair.b].map((objects, i) => ({
    name: i === 0 ? "a" : "b",
    documents: [...objects, ...SERVICES].flatMap(
      (object, j) => parseDocuments(`${i === 0 ? "a" : "b"}${j}.yaml`, JSON.stringify(object)).documents,
    ),
  }));
  if (a === undefined || b === undefined) throw new Error("two sides are needed");
  return compareDocuments([a, b], { domain: "example.com", revisionHeader: undefined });
}

function verdictOf(compared: ComparedDocuments): JudgedPair["ours"] {
  return compared.kind === "compared" ? compared.comparison.verdict : compared.kind;
}

function reasonsOf(compared: ComparedDocuments): string[] {
  if (compared.kind === "refused") return compared.problems.map(({ code, message }) => `${code}: ${message}`);
  if (compared.kind === "no host" || compared.comparison.verdict !== "unknown") return [];
  return [...compared.comparison.unread, ...compared.comparison.doubts.map(({ why }) => why)];
}

function contradiction(
  ours: ComparedDocuments,
  pilot: PilotVerdict,
  shown: string | undefined,
  configs: readonly ProxyConfigs[],
): string | undefined {
  if (ours.kind !== "compared") return undefined;
  const { verdict, differences } = ours.comparison;
  if (verdict === "equal" && pilot === "different") return `equal, and istiod's output differs: ${shown}`;
  if (verdict !== "different") return undefined;
  // `equal` assumes that an unknown host exists; istiod knows that it does not.
  const isOfDescribed = ({ sides }: Difference): boolean =>
    !sides.flat().some(({ undescribed }) => undescribed !== undefined);
  const told = differences.filter((one) => isOfDescribed(one) && proxiesOf(one, configs).length > 0);
  if (told.length === 0) return undefined;
  const unconfirmed = told.find((difference) => !isConfirmed(difference, configs));
  if (unconfirmed !== undefined)
    return `different, by a request that istiod's output treats alike: ${requestText(unconfirmed)}`;
  return pilot === "same text" ? "different, and istiod's output is the same" : undefined;
}

function requestText({ listener, request, callers }: Difference): string {
  return JSON.stringify({ listener, callers, ...request });
}

/** The proxies that a difference concerns. */
function proxiesOf(
  { listener, request, callers }: Difference,
  configs: readonly ProxyConfigs[],
): readonly ProxyConfigs[] {
  const asked = new Map(request.attributes);
  return configs.filter(({ proxy }) => {
    const { type, namespace, labels } = PROXIES.find(({ name }) => name === proxy) ?? {};
    if ((listener === "mesh") !== (type === "sidecar")) return false;
    if (callers !== undefined && callers.startsWith("namespace ") && callers !== `namespace ${namespace}`)
      return false;
    const isFrom = asked.get("source namespace");
    return (
      (isFrom === undefined || isFrom === namespace) &&
      [...asked].every(([name, value]) => {
        const label = /^source label (.*)$/.exec(name)?.[1];
        return label === undefined || labels?.[label] === value;
      })
    );
  });
}

/** Whether any of these proxies treats the request of a difference differently. */
function isConfirmed(difference: Difference, configs: readonly ProxyConfigs[]): boolean {
  const { listener, request } = difference;
  const port = new Map(request.attributes).get("port");
  const proxies = proxiesOf(difference, configs);
  const [hostA] = request.hosts;
  // A missing Service, of a wildcard or by a shorter name: sidecars have routes only for existing ones.
  const [, name, namespace] = /^([^.]+)\.([^.]+)(\.svc(\.cluster\.local)?)?$/.exec(hostA) ?? [];
  const isKnown = SERVICES.some(
    (one) =>
      valueAt(one, ["metadata", "name"]) === name && valueAt(one, ["metadata", "namespace"]) === namespace,
  );
  if (listener === "mesh" && name !== undefined && !isKnown) return true;
  const headers = Object.fromEntries(request.headers.map(([name, value]) => [name.toLowerCase(), value]));
  const sent: ProxiedRequest = {
    host: hostA,
    path: request.path,
    method: request.method,
    headers,
    query: Object.fromEntries(request.query),
  };
  return proxies.some((one) =>
    namesOf(one).some((name) => {
      if (port !== undefined && !name.includes(port)) return false;
      return outcomeAt(one.a, name, sent) !== outcomeAt(one.b, name, sent);
    }),
  );
}

/** Describes a request that a proxy treats differently on the two sides. */
function firstDifference(configs: readonly ProxyConfigs[]): string | undefined {
  for (const one of configs) {
    if (configText(one.a) === configText(one.b)) continue;
    const hosts = hostsIn([...one.a, ...one.b]);
    const requests = samplesOf([...one.a, ...one.b]);
    for (const name of namesOf(one)) {
      for (const host of hosts) {
        for (const request of requests) {
          const sent = { ...request, host };
          const [x, y] = [outcomeAt(one.a, name, sent), outcomeAt(one.b, name, sent)];
          if (x !== y) return `${one.proxy} ${name} ${JSON.stringify(sent)}: ${x} against ${y}`;
        }
      }
    }
  }
  return undefined;
}

function outcomeAt(configs: readonly RouteConfig[], name: string, request: ProxiedRequest): string {
  const config = configs.find((one) => one.name === name);
  return config === undefined ? "404 no host" : outcome(config, request);
}

function namesOf({ a, b }: ProxyConfigs): string[] {
  return [...new Set([...a, ...b].map(({ name }) => name))];
}

function configsOf(pair: Pair, [a, b]: readonly [PilotAnswer, PilotAnswer]): ProxyConfigs[] {
  return PROXIES.map(({ name }) => ({
    proxy: name,
    a: configOf(a.proxies?.[name], pair.a),
    b: configOf(b.proxies?.[name], pair.b),
  }));
}

/** Route names of plain HTTP ports; names that depend on Gateways are not generated here. */
function configOf(generated: Generated | undefined, objects: readonly unknown[]): RouteConfig[] {
  if (generated === undefined) return [];
  const clusters = new Map(
    (generated.clusters ?? []).filter(isRecord).map((cluster) => [String(cluster["name"]), cluster]),
  );
  return routeConfigs(generated, (name) => {
    const cluster = clusters.get(name);
    if (cluster === undefined) return NO_CLUSTER;
    const [direction, port, subset, host] = name.split("|");
    if (host === undefined) return name;
    const { name: _, alt_stat_name: __, eds_cluster_config: ___, metadata: ____, ...rest } = cluster;
    const pods = subset === "" ? "all" : JSON.stringify(labelsOf(objects, String(host), String(subset)));
    return `${direction} ${host}:${port} ${pods} ${JSON.stringify(rest).replaceAll(name, "NAME").replaceAll(`_.${subset}_.`, "")}`;
  })
    .filter(({ name }) => /^([0-9]+|http\.[0-9]+)$/.test(name))
    .map(({ name, virtualHosts }) => ({
      name,
      virtualHosts: virtualHosts.filter(({ domains }) => !domains.some((domain) => lacksPort(domain, name))),
    }));
}

/** Whether a host belongs to a Service without the port. `equal` assumes that callers use existing ports. */
function lacksPort(host: string, port: string): boolean {
  if (!/^[0-9]+$/.test(port)) return false;
  return SERVICES.some((service) => {
    const [name, namespace] = ["name", "namespace"].map((field) => valueAt(service, ["metadata", field]));
    if (host !== `${name}.${namespace}.svc.cluster.local`) return false;
    const ports = valueAt(service, ["spec", "ports"]);
    return Array.isArray(ports) && !ports.some((one) => String(valueAt(one, ["port"])) === port);
  });
}

/** The labels of a subset in the first DestinationRule that has it. */
function labelsOf(objects: readonly unknown[], host: string, subset: string): unknown {
  for (const object of objects) {
    if (valueAt(object, ["kind"]) !== "DestinationRule") continue;
    const of = String(valueAt(object, ["spec", "host"]));
    const namespace = String(valueAt(object, ["metadata", "namespace"]));
    if (of !== host && `${of}.${namespace}.svc.cluster.local` !== host) continue;
    const subsets = valueAt(object, ["spec", "subsets"]);
    const found = (Array.isArray(subsets) ? subsets : []).find((one) => valueAt(one, ["name"]) === subset);
    if (found !== undefined) return valueAt(found, ["labels"]);
  }
  return undefined;
}
