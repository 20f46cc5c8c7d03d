import { describe, expect, test } from "bun:test";
import type { ForwardAction, RedirectAction } from "../traffic/table.ts";
import {
  compiled,
  creditCheck,
  forwardOf,
  HALVES,
  planOf,
  rulesAt,
  to,
  virtualService,
} from "../traffic/testing/sample-plans.ts";

const OWN = "own.kyc.svc.cluster.local";

describe("destinations", () => {
  test("keep their weights; only the ratio counts", () => {
    const action = forward({ route: [to("basic", { weight: 90 }), to("advanced", { weight: 20 })] });
    expect(action.destinations.map(({ host, weight }) => [host, weight])).toEqual([
      ["credit-check-basic.kyc.svc.cluster.local", 90],
      ["credit-check-advanced.kyc.svc.cluster.local", 20],
    ]);
    expect(action.totalWeight).toBe(110);
  });

  test("without a weight, or with 0, get nothing besides others", () => {
    const action = forward({
      route: [to("basic"), to("advanced", { weight: 1 }), to("basic", { weight: 0 })],
    });
    expect(action.destinations.map(({ host }) => host)).toEqual([
      "credit-check-advanced.kyc.svc.cluster.local",
    ]);
    expect(action.totalWeight).toBe(1);
  });

  test.each([{}, { weight: 0 }, { weight: 30 }])("that are single get all: %j", (weight) => {
    const action = forward({ route: [to("basic", weight)] });
    expect(action.destinations).toHaveLength(1);
    expect(action.totalWeight).toBe(100);
  });

  test("stand for a revision, or for the local gateway", () => {
    const action = forward({
      route: [to("basic", { weight: 1 }), { destination: { host: "credit-check" }, weight: 1 }],
    });
    expect(action.destinations.map(({ backend }) => backend)).toEqual([
      { kind: "revision", revision: "kyc/credit-check-basic" },
      { kind: "listener", listener: "local-gateway" },
    ]);
    expect(action.destinations.map(({ port }) => port)).toEqual([80, 80]);
  });

  test.each<[string, object, string]>([
    [
      "weights that are all zero",
      { route: [to("basic"), to("advanced", { weight: 0 })] },
      "11:9: error: spec.http[0].route: the destinations' weights sum to 0; give one of them a weight",
    ],
    [
      "a host that is not there",
      { route: [{ destination: { host: "credit-check-v3" } }] },
      "12:19: error: spec.http[0].route[0].destination.host: there is no host credit-check-v3.kyc.svc.cluster.local; did you mean credit-check.kyc.svc.cluster.local?",
    ],
    [
      "a host that Istio would not find, for all that a resolver might",
      { route: [{ destination: { host: "credit-check-basic.kyc" } }] },
      "12:19: error: spec.http[0].route[0].destination.host: there is no host credit-check-basic.kyc; write its full name, credit-check-basic.kyc.svc.cluster.local",
    ],
    [
      "another port",
      { route: [{ destination: { host: "credit-check-basic", port: { number: 8080 } } }] },
      "14:23: error: spec.http[0].route[0].destination.port.number: credit-check-basic.kyc.svc.cluster.local has no port 8080; write 80, the port of every Service of Knative",
    ],
    [
      "no destination",
      { name: "empty" },
      "10:7: error: spec.http[0]: this rule does nothing; add a route, a redirect or a directResponse",
    ],
  ])("with a mistake are reported: %s", (_, rule, expected) => {
    expect(problems(rule)).toEqual([`3.yaml:${expected}`]);
  });
});

describe("the Host on the way to a destination", () => {
  const host = (Host: string): object => ({ headers: { request: { set: { Host } } } });
  const two = (first: object, second: object): object => ({
    route: [to("basic", { weight: 1, ...first }), to("advanced", { weight: 1, ...second })],
  });

  test.each<[string, object, (string | undefined)[]]>([
    ["stays as it is", { route: [to("basic")] }, [undefined]],
    ["is rewrite.authority", { rewrite: { authority: "a.example" }, route: [to("basic")] }, ["a.example"]],
    ["is set by the route", { ...host("a.example:81"), route: [to("basic")] }, ["a.example:81"]],
    ["is set by a destination", { route: [to("basic", host("a.example"))] }, ["a.example"]],
    ["is each destination's own", two(host("a.example"), host("b.example")), ["a.example", "b.example"]],
    // Envoy writes the route's last; istiod keeps a lone destination in line with that.
    [
      "is the route's if both set it",
      { ...host("r.example"), ...two(host("a.example"), {}) },
      ["r.example", "r.example"],
    ],
    [
      "also by rewrite",
      { rewrite: { authority: "r.example" }, ...two(host("a.example"), {}) },
      ["r.example", "r.example"],
    ],
    [
      "also of a lone one",
      { rewrite: { authority: "r.example" }, route: [to("basic", host("a.example"))] },
      ["r.example"],
    ],
  ])("%s", (_, rule, expected) => {
    const { destinations } = forward(rule);
    expect(destinations.map(({ authority }) => authority)).toEqual(expected as string[]);
    for (const { request } of destinations) expect(request.set).toEqual([]);
  });

  test("may be written in any letter case", () => {
    for (const name of ["Host", "host", "HOST"]) {
      const rule = { headers: { request: { set: { [name]: "a.example" } } }, route: [to("basic")] };
      expect(forward(rule).destinations[0]?.authority).toBe("a.example");
    }
  });

  test.each<[string, object, string]>([
    [
      "by two ways at once",
      { ...host("a.example"), rewrite: { authority: "b.example" } },
      "13:13: error: spec.http[0].headers.request.set: the authority header cannot be set multiple times; keep rewrite.authority, or the Host header",
    ],
    [
      "to an invalid host",
      host("a b"),
      '13:19: error: spec.http[0].headers.request.set.Host: "a b" is not a host name, which may have a port',
    ],
  ])("that is set %s is reported", (_, rule, expected) => {
    expect(problems({ ...rule, route: [to("basic")] })).toEqual([`3.yaml:${expected}`]);
  });
});

describe("retries", () => {
  // istiod's default for a route without any.
  const on = ["connect-failure", "refused-stream", "unavailable", "cancelled"];

  test.each<[object | undefined, object]>([
    [
      undefined,
      {
        attempts: 2,
        perTryTimeoutMs: undefined,
        on,
        backOffMs: 25,
        avoidsTried: true,
        remoteLocalities: false,
      },
    ],
    [
      { attempts: 1, backoff: "1.5s", retryIgnorePreviousHosts: false, retryRemoteLocalities: true },
      { attempts: 1, backOffMs: 1500, avoidsTried: false, remoteLocalities: true },
    ],
    [{}, { attempts: 0 }],
    [{ attempts: 0 }, { attempts: 0 }],
    [{ attempts: 3 }, { attempts: 3, perTryTimeoutMs: undefined, on }],
    [
      { attempts: 1, perTryTimeout: "2s", retryOn: "5xx,connect-failure,409" },
      { attempts: 1, perTryTimeoutMs: 2000, on: ["5xx", "connect-failure", "409"] },
    ],
    [
      { attempts: 1, perTryTimeout: "0s" },
      { attempts: 1, perTryTimeoutMs: undefined },
    ],
  ])("%j are %j", (retries, expected) => {
    const { retry } = forward({ ...(retries && { retries }), route: [to("basic")] });
    expect(retry).toMatchObject(expected);
  });

  test.each<[object, string[]]>([
    [
      { attempts: 1, retryOn: "conect-failure" },
      [
        '12:18: error: spec.http[0].retries.retryOn: "conect-failure" is not a condition for retries, nor a status code; did you mean connect-failure?',
      ],
    ],
    [
      { attempts: 1, retryOn: "5xx, reset" },
      [
        '12:18: error: spec.http[0].retries.retryOn: " reset" is not a condition for retries, nor a status code; did you mean reset?',
      ],
    ],
    [
      { retryOn: "5xx" },
      [
        "11:18: error: spec.http[0].retries.retryOn: without attempts there are no retries; add attempts, or remove it",
      ],
    ],
    [
      { attempts: 1, backoff: "0s" },
      [
        "12:18: error: spec.http[0].retries.backoff: a back-off is a whole number of milliseconds, at least 1; write 1ms",
      ],
    ],
    [
      { attempts: 1, backoff: "1.5ms" },
      [
        "12:18: error: spec.http[0].retries.backoff: a back-off is a whole number of milliseconds, at least 1; write 1ms",
      ],
    ],
    [
      { retryRemoteLocalities: true },
      [
        "11:32: error: spec.http[0].retries.retryRemoteLocalities: without attempts there are no retries; add attempts, or remove it",
      ],
    ],
    [
      { attempts: 0, perTryTimeout: "1s" },
      [
        "12:24: error: spec.http[0].retries.perTryTimeout: without attempts there are no retries; add attempts, or remove it",
      ],
    ],
  ])("%j is reported", (retries, expected) => {
    expect(problems({ retries, route: [to("basic")] })).toEqual(expected.map((line) => `3.yaml:${line}`));
  });
});

test.each([
  [undefined, undefined],
  ["1.5s", 1500],
  ["2m", 120_000],
  ["0s", undefined],
])("a timeout of %p is %p ms", (timeout, expected) => {
  expect(forward({ ...(timeout && { timeout }), route: [to("basic")] }).timeoutMs).toBe(expected as number);
});

describe("a redirect", () => {
  test("is permanent by default", () => {
    expect(redirect({ uri: "/new" })).toMatchObject({
      kind: "redirect",
      status: 301,
      uri: "/new",
      authority: undefined,
      scheme: undefined,
      port: undefined,
    });
    expect(redirect({ uri: "/new", redirectCode: 308 }).status).toBe(308);
  });

  test.each([
    [{ port: 80 }, undefined],
    [{ port: 443 }, 443],
    [{ scheme: "https", port: 443 }, undefined],
    [{ scheme: "https", port: 80 }, 80],
    [{ scheme: "http", port: 8080 }, 8080],
  ])("%j has the port %p: one that its scheme implies is left out", (written, expected) => {
    expect(redirect(written).port).toBe(expected as number);
  });

  test("may change its answer", () => {
    const headers = { response: { set: { "X-Old": "1" } } };
    expect(redirect({ uri: "/" }, { headers }).response.set).toEqual([["x-old", "1"]]);
  });

  test("has nothing that is for requests sent on", () => {
    const rest = {
      rewrite: { uri: "/" },
      timeout: "1s",
      retries: {},
      route: [to("basic")],
      headers: { request: { set: { a: "b" } } },
    };
    expect(problems({ redirect: { uri: "/" }, ...rest })).toEqual([
      "3.yaml:17:9: error: spec.http[0].route: a rule with a redirect has no route; remove one of them",
      "3.yaml:13:9: error: spec.http[0].rewrite: a rule with a redirect has no rewrite; remove one of them",
      "3.yaml:14:16: warning: spec.http[0].timeout: a rule with a redirect makes no use of timeout; remove it",
      "3.yaml:15:16: warning: spec.http[0].retries: a rule with a redirect makes no use of retries; remove it",
      "3.yaml:23:11: warning: spec.http[0].headers.request: a redirect sends no request on; remove it",
    ]);
  });

  test.each<[object, object, string]>([
    [
      { uri: "/", prefixRewrite: "/v2" },
      {},
      "12:24: error: spec.http[0].redirect.prefixRewrite: a redirect has uri or prefixRewrite; remove one of them",
    ],
    [
      { port: 80, derivePort: "FROM_REQUEST_PORT" },
      {},
      "12:21: error: spec.http[0].redirect.derivePort: a redirect has port or derivePort; remove one of them",
    ],
    [
      { prefixRewrite: "/v2" },
      { match: [{ uri: { prefix: "/" } }, { method: { exact: "GET" } }, { uri: { exact: "/" } }] },
      "18:13: error: spec.http[0].match[2].uri: a redirect with prefixRewrite takes paths by their prefix alone; match on a prefix, or write redirect.uri",
    ],
  ])("of %j is reported", (written, more, expected) => {
    expect(problems({ redirect: written, ...more })).toEqual([`3.yaml:${expected}`]);
  });

  function redirect(written: object, more: object = {}): RedirectAction {
    const plan = planOf(virtualService([{ redirect: written, ...more }]));
    const action = rulesAt(plan, "mesh", OWN)[0]?.action;
    if (action?.kind !== "redirect") throw new Error("no redirect");
    return action;
  }
});

function forward(rule: object): ForwardAction {
  return forwardOf(rulesAt(planOf(...creditCheck(HALVES), virtualService([rule])), "mesh", OWN)[0]);
}

function problems(rule: object): string[] {
  return compiled(...creditCheck(HALVES), virtualService([rule])).problems;
}
