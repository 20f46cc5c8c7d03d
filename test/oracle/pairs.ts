import fc from "fast-check";
import { isRecord } from "../../scripts/schema/value.ts";
import { mutantsOf } from "../corpus/mutants.ts";
import { aSide } from "./sides.ts";

/** Two sides, and how the second was derived from the first. */
export interface Pair {
  a: object[];
  b: object[];
  made: string;
}

/** Rewritings of a side that preserve its meaning. */
const REWRITES: Readonly<Record<string, (objects: object[]) => object[]>> = {
  "as it is": (objects) => objects,
  "objects in another order": (objects) => objects.toReversed(),
  "other names of objects": (objects) =>
    replacedText(objects, /"name":"(one|two|reviews)"(,"namespace":"shop"\},"spec")/g, '"name":"new-$1"$2'),
  "subsets renamed": (objects) => replacedText(objects, /"(subset|name)":"v([12])"/g, '"$1":"version-$2"'),
  "full host names": (objects) =>
    replacedText(objects, /"host":"(reviews|ratings)"/g, '"host":"$1.shop.svc.cluster.local"'),
  "weights doubled": (objects) =>
    replacedText(objects, /"weight":([0-9]+)/g, (_, weight: string) => `"weight":${Number(weight) * 2}`),
  "prefixes as expressions": (objects) =>
    replacedText(objects, /"uri":\{"prefix":"(\/[a-b/]*)"\}(?=,"method"|\}\])/g, '"uri":{"regex":"$1.*"}'),
  "a rule behind all others": (objects) =>
    eachRules(objects, (http) =>
      http.some((one) => isRecord(one) && one["match"] === undefined)
        ? [...http, { match: [{ uri: { exact: "/late" } }], directResponse: { status: 410 } }]
        : http,
    ),
  "the last rule twice": (objects) => eachRules(objects, (http) => [...http, ...http.slice(-1)]),
  "visible everywhere, in words": (objects) =>
    objects.map((object) =>
      isRecord(object) &&
      isRecord(object["spec"]) &&
      object["kind"] === "VirtualService" &&
      object["spec"]["exportTo"] === undefined
        ? { ...object, spec: { ...object["spec"], exportTo: ["*"] } }
        : object,
    ),
  "the sidecars, in words": (objects) =>
    objects.map((object) =>
      isRecord(object) &&
      isRecord(object["spec"]) &&
      object["spec"]["hosts"] !== undefined &&
      object["spec"]["gateways"] === undefined &&
      object["kind"] === "VirtualService"
        ? { ...object, spec: { ...object["spec"], gateways: ["mesh"] } }
        : object,
    ),
  "a host twice": (objects) =>
    replacedText(
      objects,
      /"hosts":\["www.shop.example"\]/g,
      '"hosts":["www.shop.example","www2.shop.example"]',
    ),
};

function replacedText(
  objects: object[],
  from: RegExp,
  to: string | ((...found: string[]) => string),
): object[] {
  const text = JSON.stringify(objects);
  const parsed: unknown = JSON.parse(
    typeof to === "string" ? text.replace(from, to) : text.replace(from, to),
  );
  return Array.isArray(parsed) ? parsed.filter((one) => isRecord(one)) : [];
}

function eachRules(objects: object[], change: (http: unknown[]) => unknown[]): object[] {
  return objects.map((object) => {
    if (!isRecord(object) || object["kind"] !== "VirtualService" || !isRecord(object["spec"])) return object;
    const { http } = object["spec"];
    return Array.isArray(http) ? { ...object, spec: { ...object["spec"], http: change(http) } } : object;
  });
}

/** Pairs of sides: half are rewritings with the same meaning, half differ in one value. */
export const aPair: fc.Arbitrary<Pair> = fc
  .tuple(aSide, fc.constantFrom(...Object.keys(REWRITES)), fc.boolean(), fc.nat())
  .map(([a, name, isRewritten, choice]): Pair => {
    if (isRewritten) return { a, b: REWRITES[name]?.(a) ?? a, made: name };
    const mutants = [...mutantsOf(a)].filter(({ path }) => path[0] === "spec");
    const mutant = mutants[choice % mutants.length];
    if (mutant === undefined) return { a, b: a, made: "as it is" };
    const b = mutant.objects.filter((one) => isRecord(one));
    return { a, b, made: `${mutant.path.join(".")} ${mutant.change}` };
  });
