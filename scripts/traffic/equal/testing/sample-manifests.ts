import fc from "fast-check";
import type { ManifestDocument } from "../../../manifests/document.ts";
import { formatProblem, type Position } from "../../../manifests/problem.ts";
import { collectResources } from "../../../manifests/resources.ts";
import { compilePlan } from "../../compile/compile.ts";
import { creditCheck, externalName, HALVES, to, virtualService } from "../../testing/sample-plans.ts";
import { readDestinations } from "../symbolic/destinations.ts";
import type { Described } from "../entries.ts";

/** Our own host, and one behind it at the local gateway. */
export const OWN = "own.kyc.svc.cluster.local";
const NEXT = "next.kyc.svc.cluster.local";
const LOCAL_GATEWAY = { host: "knative-local-gateway.istio-system.svc.cluster.local", port: { number: 80 } };

export interface RuleOf {
  [field: string]: unknown;
}

/** The credit check, the rules of our own host, and those of a host behind it. */
export interface Sample {
  own: RuleOf[];
  next: RuleOf[];
}

/**
 * Returns a side of a comparison made of manifests. Problems that the compiler reports, such as unreachable rules,
 * are ignored.
 */
export function side(...manifests: object[]): Described {
  const documents = manifests.map((value, i): ManifestDocument => {
    const at = (): Position => ({ file: `${i + 1}.yaml`, line: 1, column: 1 });
    return { file: at().file, value, at, atKey: at };
  });
  const { resources, problems } = collectResources(documents);
  if (problems.length > 0) throw new Error(problems.map(formatProblem).join("\n"));
  return {
    plan: compilePlan(resources, "example.com").plan,
    shared: new Map(),
    borrowed: new Set(),
    destinations: readDestinations(resources.destinationRules, []),
  };
}

export function sideOf({ own, next }: Sample): Described {
  return side(
    ...creditCheck(HALVES),
    externalName("own", LOCAL_GATEWAY.host),
    externalName("next", LOCAL_GATEWAY.host),
    virtualService(own, { hosts: [OWN], gateways: ["mesh", "knative-serving/knative-local-gateway"] }),
    virtualService(next, { hosts: [NEXT], gateways: ["knative-serving/knative-local-gateway"] }, "next"),
  );
}

export const PATHS = ["/a", "/a/b", "/a/c", "/b", "/", "/x1", "/a/", "/B"];
export const VALUES = ["basic", "advanced", "ba", "x", ""];

const path = fc.oneof(
  fc.record({ exact: fc.constantFrom(...PATHS) }),
  fc.record({ prefix: fc.constantFrom(...PATHS) }),
  fc.record({ regex: fc.constantFrom("/[ab]", "/a(/.*)?", "/.*[0-9]", "(?i)/b", "/a/\\w+", ".*/") }),
);
const value = fc.oneof(
  fc.record({ exact: fc.constantFrom(...VALUES) }),
  fc.record({ prefix: fc.constantFrom("ba", "adv", "x") }),
  fc.record({ regex: fc.constantFrom("ba.*", "[a-z]+", "x?", ".*c") }),
);

const match = fc.record(
  {
    uri: path,
    ignoreUriCase: fc.boolean(),
    method: fc.record({ exact: fc.constantFrom("GET", "POST") }),
    headers: fc.dictionary(fc.constantFrom("end-user", "x-own"), value, { minKeys: 1 }),
    withoutHeaders: fc.dictionary(fc.constantFrom("end-user", "x-own"), value, { minKeys: 1 }),
    queryParams: fc.dictionary(fc.constantFrom("q"), value, { minKeys: 1 }),
  },
  { requiredKeys: [] },
);

const change = fc.record(
  {
    set: fc.dictionary(fc.constantFrom("x-own", "end-user"), fc.constantFrom("basic", "x"), { minKeys: 1 }),
    add: fc.dictionary(fc.constantFrom("x-own"), fc.constantFrom("more", "c"), { minKeys: 1 }),
    remove: fc.constantFrom(["end-user"], ["x-own"]),
  },
  { requiredKeys: [] },
);

/** Adds the headers by which Knative's activator finds a revision. */
function known(
  revision: string,
  request: { set?: Record<string, string> } = {},
  response: object = {},
): object {
  const named = {
    "Knative-Serving-Namespace": "kyc",
    "Knative-Serving-Revision": `credit-check-${revision}`,
  };
  return to(revision, { headers: { request: { ...request, set: { ...request.set, ...named } }, response } });
}

const under = (host: string): object => ({
  destination: LOCAL_GATEWAY,
  headers: { request: { set: { Host: host } } },
});

const destinationOn = (hosts: readonly string[]) =>
  fc.oneof(
    fc.constantFrom("basic", "advanced").map((revision) => known(revision)),
    fc
      .tuple(fc.constantFrom("basic", "advanced"), change, change)
      .map(([revision, request, response]) => to(revision, { headers: { request, response } })),
    fc.constantFrom(...hosts).map(under),
  );

const weighted = (hosts: readonly string[]) =>
  fc.oneof(
    destinationOn(hosts).map((only) => [only]),
    fc
      .array(fc.tuple(destinationOn(hosts), fc.integer({ min: 1, max: 4 })), { minLength: 2, maxLength: 3 })
      .map((list) => list.map(([one, weight]) => ({ ...one, weight: weight * 10 }))),
  );

const action = (hosts: readonly string[]) =>
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ route: weighted(hosts) }) },
    {
      weight: 3,
      arbitrary: fc.record(
        {
          route: weighted(hosts),
          rewrite: fc.record({ uri: fc.constantFrom("/", "/a", "/c/") }),
          headers: fc.record({ request: change, response: change }, { requiredKeys: [] }),
        },
        { requiredKeys: ["route"] },
      ),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        redirect: fc.record({ uri: fc.constantFrom("/a", "/z"), redirectCode: fc.constantFrom(301, 302) }),
      }),
    },
  );

const KNATIVE = ["credit-check.kyc.svc.cluster.local", "basic-credit-check.kyc.svc.cluster.local"];

/** Generates rules that end with one for all requests. */
function rulesTo(hosts: readonly string[]): fc.Arbitrary<RuleOf[]> {
  const matches = fc.array(
    match.filter((one) => Object.keys(one).length > 0),
    { minLength: 1, maxLength: 2 },
  );
  const rule = fc.tuple(matches, action(hosts)).map(([match, does]): RuleOf => ({ match, ...does }));
  return fc.tuple(fc.array(rule, { maxLength: 4 }), action(hosts)).map(([some, last]) => [...some, last]);
}

export const sample: fc.Arbitrary<Sample> = fc.record({
  own: rulesTo([...KNATIVE, NEXT]),
  next: rulesTo(KNATIVE),
});
