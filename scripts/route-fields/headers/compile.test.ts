import { describe, expect, test } from "bun:test";
import type { HeaderChange } from "./header-list.ts";
import {
  compiled,
  creditCheck,
  forwardOf,
  HALVES,
  planOf,
  rulesAt,
  to,
  virtualService,
} from "../../traffic/testing/sample-plans.ts";

const OWN = "own.kyc.svc.cluster.local";
const CHANGE = { set: { "X-Set": "1" }, add: { "X-Add": "2" }, remove: ["X-Old"] };
const CHANGED: HeaderChange = { set: [["x-set", "1"]], add: [["x-add", "2"]], remove: ["x-old"] };
const NONE: HeaderChange = { set: [], add: [], remove: [] };

describe("changes of headers", () => {
  test("are kept at their level if there are several destinations, with names in lower case", () => {
    const action = forward({
      headers: { request: CHANGE },
      route: [to("basic", { weight: 1, headers: { response: CHANGE } }), to("advanced", { weight: 1 })],
    });
    expect([action.request, action.response]).toEqual([CHANGED, NONE]);
    expect(action.destinations.map(({ request, response }) => [request, response])).toEqual([
      [NONE, CHANGED],
      [NONE, NONE],
    ]);
  });

  test("of a route and of its lone destination become one list, the destination's last", () => {
    const action = forward({
      headers: { request: CHANGE, response: CHANGE },
      route: [to("basic", { headers: { request: { set: { "x-set": "mine" }, remove: ["b"] } } })],
    });
    expect([action.request, action.response]).toEqual([NONE, NONE]);
    expect(action.destinations[0]?.request).toEqual({
      set: [
        ["x-set", "1"],
        ["x-set", "mine"],
      ],
      add: [["x-add", "2"]],
      remove: ["x-old", "b"],
    });
    expect(action.destinations[0]?.response).toEqual(CHANGED);
  });
});

describe("a change that no proxy makes is reported:", () => {
  const at = "spec.http[0].headers";
  test.each<[object, string]>([
    [
      { request: { set: { a: "%REQ(b)%" } } },
      `13:16: error: ${at}.request.set.a: the local mesh does not fill in Envoy's %…% values; write a fixed text without %`,
    ],
    [
      { response: { add: { a: "100%" } } },
      `13:16: error: ${at}.response.add.a: the local mesh does not fill in Envoy's %…% values; write a fixed text without %`,
    ],
    [
      { request: { add: { Host: "a.example" } } },
      `13:19: error: ${at}.request.add.Host: a request has one Host, and set changes it; remove it`,
    ],
    [
      { request: { remove: ["host"] } },
      `13:15: error: ${at}.request.remove[0]: a request has one Host, and set changes it; remove it`,
    ],
    [
      { response: { set: { host: "a.example" } } },
      `13:19: error: ${at}.response.set.host: an answer has no Host; remove it`,
    ],
    [
      { request: { set: { "Content-Length": "5" } } },
      `13:29: error: ${at}.request.set.Content-Length: Content-Length belongs to the connection, and the proxy decides it; remove it`,
    ],
    [
      { response: { remove: ["transfer-encoding"] } },
      `13:15: error: ${at}.response.remove[0]: transfer-encoding belongs to the connection, and the proxy decides it; remove it`,
    ],
  ])("%j", (headers, expected) => {
    const { problems } = compiled(
      ...creditCheck(HALVES),
      virtualService([{ headers, route: [to("basic")] }]),
    );
    expect(problems).toEqual([`3.yaml:${expected}`]);
  });

  test("in a destination's headers as in a route's", () => {
    const headers = { request: { set: { a: "%" } }, response: { set: { Upgrade: "h2c" } } };
    const { problems } = compiled(
      ...creditCheck(HALVES),
      virtualService([{ route: [to("basic", { headers })] }]),
    );
    expect(problems.map((line) => line.replace(/.*error: ([^:]*):.*/, "$1"))).toEqual([
      "spec.http[0].route[0].headers.request.set.a",
      "spec.http[0].route[0].headers.response.set.Upgrade",
    ]);
  });
});

function forward(rule: object) {
  return forwardOf(rulesAt(planOf(...creditCheck(HALVES), virtualService([rule])), "mesh", OWN)[0]);
}
