import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { seededRandom } from "./random.ts";
import { resolve } from "./resolve.ts";
import { chiSquare, chiSquareLimit } from "./testing/chi-square.ts";
import {
  creditCheck,
  externalName,
  gateway,
  HALVES,
  knativeService,
  planOf,
  request,
  sent,
  to,
  virtualService,
} from "./testing/sample-plans.ts";

const OWN = "own.kyc.svc.cluster.local";
const LOCAL_GATEWAY = "knative-local-gateway.istio-system.svc.cluster.local";

/** Rules for a separate host, in sidecars. */
const planWith = (...rules: object[]) => planOf(...creditCheck(HALVES), virtualService(rules));

describe("a weighted choice", () => {
  const thirds = planWith({ route: [to("basic", { weight: 1 }), to("advanced", { weight: 2 })] });

  test("of two halves with the draw 0.5 is the second", () => {
    expect(sent(planOf(...creditCheck(HALVES)), "mesh", request("credit-check.kyc"), 0.5)).toMatchObject({
      revision: "kyc/credit-check-advanced",
    });
  });

  test.each([
    [0, "basic"],
    [0.3333, "basic"],
    [0.3334, "advanced"],
    [0.9999999999999999, "advanced"],
  ])("of 1 and 2 with the draw %d is %s", (draw, expected) => {
    expect(sent(thirds, "mesh", request(OWN), draw)).toMatchObject({
      revision: `kyc/credit-check-${expected}`,
    });
  });

  test("draws once for each rule with several destinations, and not for a single one", () => {
    const plan = planWith({
      rewrite: { authority: "credit-check.kyc.svc.cluster.local" },
      route: [{ destination: { host: LOCAL_GATEWAY } }],
    });
    let draws = 0;
    resolve(plan.table, "mesh", request(OWN), () => (draws++, 0));
    expect(draws).toBe(1);
    resolve(plan.table, "mesh", request("basic-credit-check.kyc"), () => (draws++, 0));
    expect(draws).toBe(1);
  });

  test("follows the weights, for any weights, over many requests", () => {
    const weights = fc.array(fc.integer({ min: 0, max: 10 }), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(
        weights.filter((all) => all.some((weight) => weight > 0)),
        fc.integer(),
        (all, seed) => {
          const states = all.map((_, i) => knativeService("many", { revision: `many-${i}` }));
          const route = all.map((weight, i) => ({ destination: { host: `many-${i}` }, weight }));
          const { table } = planOf(...states, virtualService([{ route }]));
          const random = seededRandom(seed);
          const counts = all.map(() => 0);
          for (let i = 0; i < 2_000; i++) {
            const end = resolve(table, "mesh", request(OWN), random);
            const chosen = end.kind === "revision" ? Number(end.revision.replace("kyc/many-", "")) : -1;
            counts[chosen] = (counts[chosen] as number) + 1;
          }
          const degrees = all.filter((weight) => weight > 0).length - 1;
          expect(chiSquare(counts, all)).toBeLessThan(degrees === 0 ? 0.001 : chiSquareLimit(degrees));
        },
      ),
      { seed: 11, numRuns: 25 },
    );
  });

  test("follows Knative's percentages at Knative's own host, for each of many seeds", () => {
    const { table } = planOf(
      ...creditCheck([
        { revisionName: "credit-check-basic", percent: 90 },
        { revisionName: "credit-check-advanced", percent: 10 },
      ]),
    );
    for (let seed = 0; seed <= 20; seed++) {
      const random = seededRandom(seed);
      const counts = [0, 0];
      for (let i = 0; i < 2_000; i++) {
        const end = resolve(table, "mesh", request("credit-check.kyc"), random);
        const box = end.kind === "revision" && end.revision === "kyc/credit-check-basic" ? 0 : 1;
        counts[box] = (counts[box] as number) + 1;
      }
      expect(chiSquare(counts, [90, 10])).toBeLessThan(chiSquareLimit(1));
    }
  });
});

describe("rules", () => {
  const plan = planWith(
    { match: [{ uri: { exact: "/a" }, method: { exact: "POST" } }], route: [to("advanced")] },
    {
      match: [{ uri: { prefix: "/a" } }, { headers: { "end-user": { exact: "basic" } } }],
      route: [to("basic")],
    },
    { match: [{ uri: { regex: "/[ab]" } }], redirect: { uri: "/new" } },
  );

  test.each<[string, string, [string, string][], string]>([
    ["POST", "/a", [], "kyc/credit-check-advanced"],
    ["GET", "/a", [], "kyc/credit-check-basic"],
    ["GET", "/b", [["end-user", "basic"]], "kyc/credit-check-basic"],
    ["GET", "/b", [], "redirect"],
    ["GET", "/c", [], "nowhere"],
  ])("are tried in order: %s %s %j ends at %s", (method, path, headers, expected) => {
    const end = sent(plan, "mesh", request(OWN, path, { method, headers }));
    expect(end.kind === "revision" ? end.revision : end.kind).toBe(expected);
  });

  test("without a matching rule get a 404 with the reason", () => {
    expect(sent(plan, "mesh", request(`${OWN}:80`, "/c?secret=1", { method: "PUT" }))).toEqual({
      kind: "nowhere",
      status: 404,
      reason: `no route at ${OWN} takes PUT /c`,
      hops: [],
    });
  });
});

describe("a host", () => {
  const plan = planOf(
    ...creditCheck(HALVES),
    externalName("old", "credit-check-basic.kyc.svc.cluster.local"),
  );

  test.each(["OLD.kyc.svc.cluster.local", "old.kyc:80", "credit-check-basic.kyc.svc"])(
    "of the cluster, %s, leads to its backend in sidecars, without a rule",
    (host) => {
      expect(sent(plan, "mesh", request(host))).toMatchObject({
        revision: "kyc/credit-check-basic",
        hops: [],
      });
    },
  );

  test.each([
    ["mesh", "old.other is not a host of this cluster"],
    ["local-gateway", "old.other is not a host of this cluster"],
    ["ingress", "the ingress gateway serves no host old.other"],
  ] as const)("that %s does not know gets a 404 with the reason", (listener, reason) => {
    expect(sent(plan, listener, request("old.other"))).toEqual({
      kind: "nowhere",
      status: 404,
      reason,
      hops: [],
    });
  });

  test("of a Service is unknown at a gateway", () => {
    expect(sent(plan, "ingress", request("old.kyc.svc.cluster.local")).kind).toBe("nowhere");
    expect(sent(plan, "local-gateway", request("old.kyc.svc.cluster.local")).kind).toBe("nowhere");
  });
});

describe("headers on the way", () => {
  const set = (headers: object): object => ({ headers: { request: { set: headers } } });

  test("of several destinations change before the route's", () => {
    const plan = planWith({
      headers: { request: { set: { both: "route" }, remove: ["gone"], add: { list: "route" } } },
      route: [
        to("basic", {
          weight: 1,
          headers: { request: { set: { both: "mine", gone: "mine", only: "mine" }, add: { list: "mine" } } },
        }),
        to("advanced", { weight: 1 }),
      ],
    });
    expect(headersOf(plan)).toEqual([
      ["host", OWN],
      ["both", "route"],
      ["only", "mine"],
      ["list", "mine"],
      ["list", "route"],
    ]);
  });

  test("of a single destination are appended to the route's list", () => {
    const plan = planWith({
      headers: { request: { set: { both: "route" }, remove: ["gone"], add: { list: "route" } } },
      route: [
        to("basic", {
          headers: { request: { set: { both: "mine", gone: "mine", only: "mine" }, add: { list: "mine" } } },
        }),
      ],
    });
    expect(headersOf(plan)).toEqual([
      ["host", OWN],
      ["both", "mine"],
      ["gone", "mine"],
      ["only", "mine"],
      ["list", "route"],
      ["list", "mine"],
    ]);
  });

  test("change at each hop, and the next hop sees the result", () => {
    const plan = planOf(
      ...creditCheck(HALVES),
      gateway("kyc", ["*"]),
      virtualService(
        [
          {
            ...set({ stage: "one" }),
            match: [{ uri: { exact: "/one" } }],
            rewrite: { authority: OWN, uri: "/two" },
            route: [{ destination: { host: LOCAL_GATEWAY } }],
          },
        ],
        { hosts: ["*"], gateways: ["kyc"] },
        "outer",
      ),
      virtualService(
        [
          {
            match: [
              { headers: { stage: { exact: "one" } }, uri: { exact: "/two" }, authority: { exact: OWN } },
            ],
            ...set({ stage: "two" }),
            route: [to("basic")],
          },
        ],
        { gateways: ["knative-serving/knative-local-gateway"] },
        "inner",
      ),
    );
    const end = sent(plan, "ingress", request("a.example", "/one"));
    expect(end).toMatchObject({ kind: "revision", request: { authority: OWN, target: "/two" } });
    expect(end.hops.map(({ rule }) => rule.at.file)).toEqual(["4.yaml", "5.yaml"]);
    expect(end.kind === "revision" && end.request.headers.get("stage")).toBe("two");
    expect(end.kind === "revision" && end.request.headers.get("host")).toBe(OWN);
  });

  test("are not changed in the original request", () => {
    const incoming = request(OWN, "/a", { headers: [["a", "1"]] });
    sent(
      planWith({ ...set({ a: "2", Host: "b.example" }), rewrite: { uri: "/b" }, route: [to("basic")] }),
      "mesh",
      incoming,
    );
    expect(incoming).toMatchObject({ authority: OWN, target: "/a" });
    expect([...incoming.headers]).toEqual([
      ["host", OWN],
      ["a", "1"],
    ]);
  });

  function headersOf(plan: ReturnType<typeof planOf>): [string, string][] {
    const end = sent(plan, "mesh", request(OWN, "/", { headers: [["gone", "client"]] }));
    return end.kind === "revision" ? [...end.request.headers] : [];
  }
});

describe("a circle", () => {
  const circle = planOf(
    virtualService([{ retries: { attempts: 1 }, route: [{ destination: { host: LOCAL_GATEWAY } }] }], {
      gateways: ["mesh", "knative-serving/knative-local-gateway"],
    }),
  );

  test("ends in a 500 with the reason", () => {
    const end = sent(circle, "mesh", request(`${OWN}:80`));
    expect(end).toMatchObject({
      kind: "nowhere",
      status: 500,
      reason: `the routes for ${OWN} form a cycle`,
    });
    expect(end.hops).toHaveLength(8);
  });

  test("does not pass the same hop again after a retry", () => {
    const { hops } = sent(circle, "mesh", request(OWN));
    const before = hops[5]?.before;
    if (before === undefined) throw new Error("no retry there");
    const again = resolve(circle.table, before.listener, before.request, () => 0, {
      earlier: hops.slice(0, 5),
    });
    expect(again).toMatchObject({ kind: "nowhere", status: 500 });
    expect(again.hops).toHaveLength(8);
  });
});

describe("the start of a retry", () => {
  const plan = planOf(
    ...creditCheck(HALVES),
    virtualService([
      {
        match: [{ uri: { prefix: "/old" } }],
        retries: { attempts: 2 },
        rewrite: { uri: "/new", authority: "credit-check.kyc.svc.cluster.local" },
        headers: { request: { set: { a: "2" } } },
        route: [{ destination: { host: LOCAL_GATEWAY } }],
      },
    ]),
  );
  const first = sent(plan, "mesh", request(OWN, "/old", { headers: [["a", "1"]] }));

  test("is the request as it reached the rule", () => {
    expect(first.hops).toHaveLength(2);
    expect(first.hops[0]?.before).toMatchObject({
      listener: "mesh",
      request: { target: "/old", authority: OWN },
    });
    expect([...(first.hops[0]?.before?.request.headers ?? [])]).toEqual([
      ["host", OWN],
      ["a", "1"],
    ]);
  });

  test("is not kept without retries", () => {
    expect(first.hops[1]?.before).toBeUndefined();
  });

  test("continues with a new draw after the hops before it", () => {
    const before = first.hops[0]?.before;
    if (before === undefined) throw new Error("no retry there");
    const again = resolve(plan.table, before.listener, before.request, () => 0.9);
    expect(first).toMatchObject({ revision: "kyc/credit-check-basic" });
    expect(again).toMatchObject({ revision: "kyc/credit-check-advanced", request: { target: "/new" } });
    expect(again.hops).toHaveLength(2);
  });

  test("keeps the destination of the hop that retries", () => {
    const split = planOf(
      ...creditCheck(HALVES),
      virtualService([{ route: [to("basic", { weight: 1 }), to("advanced", { weight: 1 })] }]),
    );
    const { hops } = sent(split, "mesh", request(OWN), 0.9);
    const [again] = hops;
    if (again?.before === undefined) throw new Error("no retry there");
    const second = resolve(split.table, again.before.listener, again.before.request, () => 0, { again });
    expect(second).toMatchObject({ revision: "kyc/credit-check-advanced" });
  });
});
