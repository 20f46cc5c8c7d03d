import { describe, expect, test } from "bun:test";
import { compare } from "../../traffic/equal/compare.ts";
import { entriesOf } from "../../traffic/equal/entries.ts";
import { side } from "../../traffic/equal/testing/sample-manifests.ts";
import { resolve } from "../../traffic/resolve.ts";
import {
  compiled,
  creditCheck,
  HALVES,
  planOf,
  to,
  virtualService,
} from "../../traffic/testing/sample-plans.ts";
import { HeaderList } from "../headers/header-list.ts";

const HOST = "own.kyc.svc.cluster.local";
const A = "https://a.example";
const PREFLIGHT = { origin: A, "access-control-request-method": "PUT" };
const POLICY = {
  allowOrigins: [{ exact: A }],
  allowMethods: ["GET", "PUT"],
  allowHeaders: ["*"],
  exposeHeaders: ["x-one", "x-two"],
  maxAge: "24h",
  allowCredentials: true,
};

function rules(corsPolicy: object, more: object = {}): object[] {
  return [{ corsPolicy, route: [to("basic")], ...more }];
}

/** The status of the mesh's own response, or "forwarded"; with the headers of an otherwise empty response. */
function answerTo(
  corsPolicy: object,
  method: string,
  headers: Record<string, string>,
  more: object = {},
): [number | "forwarded", Record<string, string>] {
  const { table } = planOf(
    ...creditCheck(HALVES),
    virtualService(rules(corsPolicy, more), { hosts: [HOST] }),
  );
  const request = {
    method,
    target: "/",
    authority: HOST,
    headers: new HeaderList(Object.entries({ host: HOST, ...headers }).flat()),
  };
  const resolution = resolve(table, "mesh", request, () => 0);
  const response = new HeaderList();
  for (const hop of resolution.hops.toReversed()) for (const change of hop.response) response.apply(change);
  return [resolution.kind === "direct" ? resolution.status : "forwarded", Object.fromEntries(response)];
}

describe("a CORS policy", () => {
  test("answers the preflight of an allowed origin", () => {
    const asked = { ...PREFLIGHT, "access-control-request-headers": "x-three" };
    expect(answerTo(POLICY, "OPTIONS", asked)).toEqual([
      200,
      {
        "access-control-allow-origin": A,
        "access-control-allow-credentials": "true",
        "access-control-allow-methods": "GET,PUT",
        "access-control-allow-headers": "x-three",
        "access-control-max-age": "86400",
        "access-control-expose-headers": "x-one,x-two",
      },
    ]);
  });

  test("adds headers to the response to any other request of an allowed origin", () => {
    const added = {
      "access-control-allow-origin": A,
      "access-control-allow-credentials": "true",
      "access-control-expose-headers": "x-one,x-two",
    };
    expect(answerTo(POLICY, "PUT", { origin: A })).toEqual(["forwarded", added]);
    expect(answerTo(POLICY, "OPTIONS", { origin: A })).toEqual(["forwarded", added]);
  });

  test("does nothing without an origin, or for one that is not allowed", () => {
    for (const origin of [{}, { origin: "" }, { origin: "https://b.example" }])
      expect(answerTo(POLICY, "OPTIONS", { ...PREFLIGHT, origin: "", ...origin })).toEqual(["forwarded", {}]);
  });

  test("with unmatchedPreflights IGNORE answers the preflight of any origin, without allowing it", () => {
    const policy = { allowOrigins: [{ exact: A }], unmatchedPreflights: "IGNORE", allowMethods: ["*"] };
    const [status, headers] = answerTo(policy, "OPTIONS", { ...PREFLIGHT, origin: "https://b.example" });
    expect([status, headers]).toEqual([200, { "access-control-allow-methods": "PUT" }]);
  });

  test("allows every origin by the exact match *", () => {
    const [, headers] = answerTo({ allowOrigins: [{ exact: "*" }] }, "GET", { origin: "https://b.example" });
    expect(headers).toEqual({ "access-control-allow-origin": "https://b.example" });
  });

  test("overrides the route's headers, but route changes do not apply to a preflight", () => {
    const set = { "access-control-allow-origin": "https://b.example", "x-set": "1" };
    const more = { headers: { response: { set } } };
    expect(answerTo(POLICY, "GET", { origin: A }, more)[1]).toMatchObject({
      "access-control-allow-origin": A,
      "x-set": "1",
    });
    expect(answerTo(POLICY, "OPTIONS", PREFLIGHT, more)[1]).not.toHaveProperty("x-set");
  });

  test("does not act if a fault aborts the request", () => {
    const more = { fault: { abort: { percentage: { value: 100 }, httpStatus: 418 } } };
    expect(answerTo(POLICY, "OPTIONS", PREFLIGHT, more)[1]).toEqual({});
  });
});

describe("equal", () => {
  const verdict = (a: object, b: object) => {
    const [x, y] = [a, b].map((one) =>
      side(...creditCheck(HALVES), virtualService([{ route: [to("basic")], ...one }], { hosts: [HOST] })),
    ) as [ReturnType<typeof side>, ReturnType<typeof side>];
    return compare(x, y, entriesOf(x, y), { revisionHeader: undefined });
  };

  test.each<[string, object, object]>([
    ["the same policy", POLICY, POLICY],
    ["an unspecified default", { ...POLICY, unmatchedPreflights: "FORWARD" }, POLICY],
    ["one duration in two units", { ...POLICY, maxAge: "1440m" }, POLICY],
    [
      "an origin that another match covers",
      { ...POLICY, allowOrigins: [{ exact: A }, { prefix: A }] },
      { ...POLICY, allowOrigins: [{ prefix: A }] },
    ],
  ])("accepts %s", (_, a, b) => {
    expect(verdict({ corsPolicy: a }, { corsPolicy: b })).toMatchObject({ verdict: "equal", doubts: [] });
  });

  test.each<[string, object]>([
    ["another origin", { ...POLICY, allowOrigins: [{ prefix: A }] }],
    ["other methods", { ...POLICY, allowMethods: ["GET"] }],
    ["another age", { ...POLICY, maxAge: "1h" }],
    ["no credentials", { ...POLICY, allowCredentials: false }],
    ["unmatched preflights", { ...POLICY, unmatchedPreflights: "IGNORE" }],
  ])("finds a request that shows %s", (_, other) => {
    const { verdict: said, differences } = verdict({ corsPolicy: POLICY }, { corsPolicy: other });
    expect(said).toBe("different");
    expect(differences[0]?.request.headers).toContainEqual(["origin", expect.any(String)]);
  });

  test("finds a policy on one side only, and sees the same headers written by hand", () => {
    expect(verdict({ corsPolicy: POLICY }, {}).verdict).toBe("different");
    const match = [{ headers: { origin: { exact: A } }, method: { exact: "GET" } }];
    const byPolicy = { match, corsPolicy: { allowOrigins: [{ exact: A }] } };
    const byHand = { match, headers: { response: { set: { "access-control-allow-origin": A } } } };
    expect(verdict(byPolicy, byHand)).toMatchObject({ verdict: "equal", doubts: [] });
  });
});

test.each<[object, string]>([
  [
    { corsPolicy: { allowMethods: ["GET"] }, route: [to("basic")] },
    "without allowOrigins no origin is allowed",
  ],
  [
    { corsPolicy: { ...POLICY, maxAge: "1.5s" }, route: [to("basic")] },
    "maxAge is a whole number of seconds",
  ],
  [
    { corsPolicy: POLICY, redirect: { uri: "/" } },
    "corsPolicy has no effect in a rule with a redirect or directResponse",
  ],
])("a questionable policy is reported: %j", (rule, message) => {
  const { problems } = compiled(...creditCheck(HALVES), virtualService([rule], { hosts: [HOST] }));
  expect(problems.join("; ")).toContain(message);
});
