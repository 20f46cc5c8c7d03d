import { describe, expect, test } from "bun:test";
import {
  creditCheck,
  externalName,
  gateway,
  HALVES,
  planOf,
  to,
  virtualService,
} from "../testing/sample-plans.ts";
import { compare } from "./compare.ts";
import type { Comparison } from "./comparison.ts";
import type { Contrast } from "./contrast.ts";
import { readDestinations } from "./symbolic/destinations.ts";
import { entriesOf } from "./entries.ts";
import type { RuleOf } from "./testing/sample-manifests.ts";

const NEXT = "next.kyc.svc.cluster.local";
const GATEWAY = "knative-local-gateway.istio-system.svc.cluster.local";
const LOCAL = ["knative-serving/knative-local-gateway"];
const HALF = [to("basic", { weight: 50 }), to("advanced", { weight: 50 })];
const HOP = {
  rewrite: { authority: NEXT },
  route: [{ destination: { host: GATEWAY, port: { number: 80 } } }],
};

/** The host behind: a split that is never retried. */
const SPLIT = { route: HALF, retries: { attempts: 0 } };

/** Compares two lists of rules for our own host, each with the rules of a host behind it. */
function between(
  a: RuleOf[],
  b: RuleOf[],
  { gateways = ["mesh"], next = [SPLIT, SPLIT] }: { gateways?: string[]; next?: [RuleOf, RuleOf] } = {},
): Comparison {
  const [ofA, ofB] = [a, b].map((http, i) => ({
    plan: planOf(
      ...creditCheck(HALVES),
      gateway("kyc", ["*"]),
      externalName("next", GATEWAY),
      virtualService(http, { gateways }),
      virtualService([next[i] ?? SPLIT], { hosts: [NEXT], gateways: LOCAL }, "next"),
    ),
    shared: new Map(),
    borrowed: new Set<string>(),
    destinations: readDestinations([], []),
  }));
  if (ofA === undefined || ofB === undefined) throw new Error("two sides are needed");
  return compare(ofA, ofB, entriesOf(ofA, ofB), { revisionHeader: undefined });
}

function contrasts(a: RuleOf, b: RuleOf, next?: [RuleOf, RuleOf]): readonly Contrast[] {
  const { verdict, differences } = between([a], [b], next === undefined ? {} : { next });
  expect(verdict).toBe("different");
  return differences[0]?.differs ?? [];
}

function values(a: RuleOf, b: RuleOf, next?: [RuleOf, RuleOf]): string[] {
  // The part about Knative's activator is the same for every place and does not matter here.
  const short = (text: string): string => text.replaceAll(/ \(through the activator [^)]*\)/g, "");
  return contrasts(a, b, next).map(({ about, values: [x, y] }) => short(`${about}: ${x} against ${y}`));
}

const BASIC = { route: [to("basic")], retries: { attempts: 0 } };
const retrying = (retries: object): RuleOf => ({
  ...BASIC,
  retries: { attempts: 2, retryOn: "5xx", ...retries },
});
const DEFAULT = "2 attempts on cancelled, connect-failure, refused-stream, unavailable";

describe("differing properties are named with both values", () => {
  test.each<[RuleOf, RuleOf, string]>([
    [retrying({}), BASIC, "retries: 2 attempts on 5xx against no retries"],
    [BASIC, { route: BASIC.route }, `retries: no retries against ${DEFAULT}`],
    [
      retrying({ attempts: 1 }),
      retrying({ retryOn: "reset,409" }),
      "retries: 1 attempt on 5xx against 2 attempts on 409, reset",
    ],
    [
      retrying({}),
      retrying({ perTryTimeout: "2s" }),
      "retries: 2 attempts on 5xx against 2 attempts on 5xx, each within 2000 ms",
    ],
    [
      retrying({ backoff: "1s" }),
      retrying({ backoff: "25ms" }),
      "retries: 2 attempts on 5xx, the first after up to 1000 ms against 2 attempts on 5xx",
    ],
    [
      retrying({ retryIgnorePreviousHosts: false }),
      retrying({ retryRemoteLocalities: true }),
      "retries: 2 attempts on 5xx, also where it failed before against 2 attempts on 5xx, in other localities",
    ],
    [{ ...BASIC, timeout: "1s" }, { ...BASIC, timeout: "2s" }, "time limit: 1000 ms against 2000 ms"],
    [{ ...BASIC, timeout: "1s" }, BASIC, "time limit: 1000 ms against no time limit"],
    [delayed(10), BASIC, "delay: 10 %: 200 ms, 90 %: no delay against no delay"],
    [delayed(100), delayed(10), "delay: 200 ms against 10 %: 200 ms, 90 %: no delay"],
    [
      { ...BASIC, mirror: to("advanced").destination, mirrorPercentage: { value: 5 } },
      { ...BASIC, mirror: to("basic").destination, mirrorPercentage: { value: 5 } },
      "copies: 5 % to kyc/credit-check-advanced against 5 % to kyc/credit-check-basic",
    ],
    [{ ...BASIC, rewrite: { uri: "/x" } }, BASIC, 'path: "/x" against as it was sent'],
    [
      { ...BASIC, headers: { request: { set: { "x-a": "1" } } } },
      { ...BASIC, headers: { request: { remove: ["x-a"] } } },
      'header x-a: "1" against as it was sent',
    ],
    [
      { ...BASIC, headers: { response: { add: { "x-a": "1" } } } },
      { ...BASIC, headers: { response: { set: { "x-a": "1" } } } },
      'answer header x-a: "1" added against set to "1"',
    ],
  ])("%j and %j", (a, b, expected) => {
    expect(values(a, b)).toEqual([expected]);
  });

  test("if the ways look the same, and only the outcome of a retry differs", () => {
    const outside = { ...HOP, retries: { attempts: 2, retryOn: "5xx" } };
    const within = { route: HALF, retries: { attempts: 2, retryOn: "5xx" } };
    const { differences } = between([outside], [within]);
    expect(differences[0]?.sides[0]).toEqual(differences[0]?.sides[1] as never);
    expect(values(outside, within)).toEqual([
      "retries: 2 attempts on 5xx, each drawn again against 2 attempts on 5xx",
    ]);
  });

  test("including a limit for each try, and one that includes a delay", () => {
    const [retried, limited] = [
      { ...HOP, retries: { attempts: 1, retryOn: "5xx" } },
      { ...HOP, timeout: "1s", retries: { attempts: 0 } },
    ];
    expect(values(retried, retried, [{ ...SPLIT, timeout: "1s" }, SPLIT])).toEqual([
      "time limit: 1000 ms for each try against no time limit",
    ]);
    const { fault } = delayed(100);
    expect(values(limited, { ...limited, fault }, [{ ...SPLIT, fault }, SPLIT])).toEqual([
      "time limit: 1000 ms, a delay included against 1000 ms",
    ]);
  });

  test("with the destination, if there are several", () => {
    const [basic, advanced] = HALF;
    const changed = [basic, { ...advanced, headers: { response: { remove: ["x-a"] } } }];
    expect(values({ ...BASIC, route: HALF }, { ...BASIC, route: changed })).toEqual([
      "answer header x-a on the way to kyc/credit-check-advanced: unchanged against removed",
    ]);
    expect(
      values(
        { ...BASIC, route: HALF, timeout: "1s" },
        { ...BASIC, route: changed, timeout: "2s" },
      ).toSorted(),
    ).toEqual([
      "answer header x-a on the way to kyc/credit-check-advanced: unchanged against removed",
      "time limit: 1000 ms against 2000 ms",
    ]);
  });

  test("even if each property is equally frequent, but not their combination", () => {
    const split = (first: object, second: object): RuleOf => ({
      ...BASIC,
      route: [to("basic", { weight: 50, headers: first }), to("basic", { weight: 50, headers: second })],
    });
    const [x, y] = [{ set: { "x-a": "1" } }, { set: { "x-b": "1" } }];
    const together = split({ request: { set: { ...x.set, ...y.set } } }, {});
    expect(values(together, split({ request: x }, { request: y }))).toEqual([
      expect.stringMatching(/^the combination of properties: 50 %: .* against 50 %: /),
    ]);
  });

  test("with the position of the rule that states it on either side, or of the one that omits it", () => {
    const first = { match: [{ uri: { exact: "/a" } }], ...BASIC };
    const { differences } = between([first, retrying({})], [BASIC]);
    const [contrast] = differences[0]?.differs ?? [];
    const lineOf = (i: number): number | undefined => contrast?.at[i]?.line;
    expect(contrast?.at).toMatchObject([{ file: "5.yaml" }, { file: "5.yaml" }]);
    // On the first side the rule follows another one: its match, its route and its retries.
    expect([lineOf(0), lineOf(1)]).toEqual([22, 12]);
  });

  test("but not if the destinations differ, which is visible anyway", () => {
    expect(contrasts(BASIC, { ...retrying({}), route: [to("advanced")] })).toEqual([]);
  });
});

describe("redirects", () => {
  const redirect = (written: object, prefix = "/a"): RuleOf => ({
    match: [{ uri: { prefix } }],
    redirect: written,
  });

  test.each<["equal" | "different", RuleOf, RuleOf]>([
    ["equal", redirect({ prefixRewrite: "/b" }), redirect({ prefixRewrite: "/b" })],
    ["equal", redirect({ prefixRewrite: "/" }, "/"), redirect({ scheme: "http" }, "/")],
    ["different", redirect({ prefixRewrite: "/b" }), redirect({ prefixRewrite: "/c" })],
    ["different", redirect({ prefixRewrite: "/b" }), redirect({ uri: "/b" })],
    ["different", redirect({ prefixRewrite: "/b?q=1" }), redirect({ prefixRewrite: "/b" })],
    ["equal", redirect({ uri: "/", derivePort: "FROM_PROTOCOL_DEFAULT" }), redirect({ uri: "/", port: 80 })],
  ])("are %s: %j and %j", (verdict, a, b) => {
    expect(between([a, BASIC], [b, BASIC]).verdict).toBe(verdict);
  });

  test("by the request's port are compared for the port of each listener", () => {
    const [derived, fixed] = [{ derivePort: "FROM_REQUEST_PORT" }, { port: 8081 }].map((port) => [
      redirect({ uri: "/", scheme: "https", ...port }),
      BASIC,
    ]) as [RuleOf[], RuleOf[]];
    expect(between(derived, fixed, { gateways: LOCAL }).verdict).toBe("equal");
    expect(between(derived, fixed, { gateways: ["kyc"] }).verdict).toBe("different");
    const { differences } = between(derived, fixed, { gateways: [...LOCAL, "kyc"] });
    expect(differences.map(({ listener }) => listener)).toEqual(["ingress"]);
  });
});

function delayed(value: number): { fault: object } {
  return { ...BASIC, fault: { delay: { percentage: { value }, fixedDelay: "200ms" } } };
}
