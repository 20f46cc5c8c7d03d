import { describe, expect, test } from "bun:test";
import {
  creditCheck,
  gateway,
  HALVES,
  planOf,
  request,
  sent,
  to,
  virtualService,
} from "../../traffic/testing/sample-plans.ts";

const OWN = "own.kyc.svc.cluster.local";

const planWith = (...rules: object[]) => planOf(...creditCheck(HALVES), virtualService(rules));

describe("a rewrite of the path", () => {
  // Envoy's prefix_rewrite replaces the prefix of a prefix match, and the whole path of any other match.
  test.each<[string, object | undefined, string, string, string]>([
    ["a prefix", { prefix: "/api" }, "/v2", "/api/users?a=1", "/v2/users?a=1"],
    ["a prefix within a segment", { prefix: "/api" }, "/v2", "/apis", "/v2s"],
    ["a prefix that is all", { prefix: "/api" }, "/v2", "/api", "/v2"],
    ["a prefix by /, which leaves two slashes", { prefix: "/api" }, "/", "/api/users", "//users"],
    ["a prefix with its slash by /", { prefix: "/api/" }, "/", "/api/users", "/users"],
    ["the whole path of an exact match", { exact: "/api" }, "/v2", "/api?a=/api", "/v2?a=/api"],
    ["the whole path of a regex match", { regex: "/a.*" }, "/v2", "/api/users?a=1", "/v2?a=1"],
    ["the first slash if the rule has no condition", undefined, "/v2/", "/users?a=1", "/v2/users?a=1"],
  ])("replaces %s", (_, uri, rewrite, target, expected) => {
    const plan = planWith({
      ...(uri && { match: [{ uri }] }),
      rewrite: { uri: rewrite },
      route: [to("basic")],
    });
    expect(sent(plan, "mesh", request(OWN, target))).toMatchObject({ request: { target: expected } });
  });

  test("goes by the condition that held, of several", () => {
    const match = [
      { uri: { exact: "/a/b" } },
      { uri: { prefix: "/a/" } },
      { headers: { x: { exact: "1" } } },
    ];
    const plan = planWith({ match, rewrite: { uri: "/z/" }, route: [to("basic")] });
    const target = (path: string, headers: [string, string][] = []) => {
      const end = sent(plan, "mesh", request(OWN, path, { headers }));
      return end.kind === "revision" ? end.request.target : end.kind;
    };
    expect([target("/a/b"), target("/a/c"), target("/c", [["x", "1"]])]).toEqual(["/z/", "/z/c", "/z/c"]);
  });

  test("leaves the path byte for byte if there is none", () => {
    const target = "/a//b/../%2e%2E/ü?x=%20&&";
    expect(sent(planWith({ route: [to("basic")] }), "mesh", request(OWN, target))).toMatchObject({
      request: { target },
    });
  });
});

describe("a redirect", () => {
  // As Envoy's newUri: omitted parts are unchanged, including the query unless the new path has one.
  test.each<[object, string, string, string]>([
    [{ uri: "/new" }, "a.example", "/old?q=1", "http://a.example/new?q=1"],
    [{ uri: "/new?r=2" }, "a.example", "/old?q=1", "http://a.example/new?r=2"],
    [{ uri: "/" }, "A.example:8080", "/", "http://A.example:8080/"],
    [{ authority: "b.example" }, "a.example:8080", "/old?q=1", "http://b.example/old?q=1"],
    [{ authority: "b.example:81", port: 82 }, "a.example", "/", "http://b.example:81:82/"],
    [{ port: 8443 }, "a.example:8080", "/old", "http://a.example:8443/old"],
    [{ port: 8443 }, "[::1]:8080", "/old", "http://[::1]:8443/old"],
    [{ port: 80 }, "a.example:8080", "/old", "http://a.example:8080/old"],
    [{ scheme: "https" }, "a.example:80", "/old?q", "https://a.example/old?q"],
    [{ scheme: "https" }, "a.example:8080", "/old", "https://a.example:8080/old"],
    [
      { scheme: "https", port: 8443, authority: "b.example", uri: "/n" },
      "a.example",
      "/o",
      "https://b.example:8443/n",
    ],
    [{ scheme: "https" }, "[::1]:80", "/", "https://[::1]/"],
    [{ derivePort: "FROM_PROTOCOL_DEFAULT" }, "a.example:8080", "/", "http://a.example:8080/"],
    [{ derivePort: "FROM_PROTOCOL_DEFAULT", scheme: "https" }, "a.example:80", "/", "https://a.example/"],
    [{ derivePort: "FROM_REQUEST_PORT" }, "a.example:8080", "/", "http://a.example:8080/"],
    [{ derivePort: "FROM_REQUEST_PORT", scheme: "https" }, "a.example:8080", "/", "https://a.example:80/"],
    [
      { derivePort: "FROM_REQUEST_PORT", authority: "b.example", scheme: "https" },
      "a.example",
      "/",
      "https://b.example:80/",
    ],
    // Without a match on the path, the prefix is the first slash.
    [{ prefixRewrite: "/v2/" }, "a.example", "/old/x?q=1", "http://a.example/v2/old/x?q=1"],
    [{ prefixRewrite: "/v2" }, "a.example", "/old", "http://a.example/v2old"],
    // VirtualServices do not have the Gateway API's prefix form: the text is literal there.
    [{ uri: "/%PREFIX()%/x" }, "a.example", "/", "http://a.example/%PREFIX()%/x"],
  ])("%j of %s%s leads to %s", (redirect, host, target, expected) => {
    const rule = { redirect };
    const plan = planOf(gateway("kyc", ["*"]), virtualService([rule], { hosts: ["*"], gateways: ["kyc"] }));
    const end = sent(plan, "ingress", request(host, target));
    expect(end).toMatchObject({ kind: "redirect", status: 301, location: expected });
    expect(end.hops).toMatchObject([{ destination: undefined, before: undefined }]);
  });

  test.each([
    ["/foo", "/bar", "/foo/baz?q=1", "http://a.example/bar/baz?q=1"],
    ["/foo", "/", "/foo/baz", "http://a.example//baz"],
    ["/foo/", "/", "/foo/baz", "http://a.example/baz"],
    ["/foo", "/bar", "/foo", "http://a.example/bar"],
    ["/foo", "/bar", "/food?", "http://a.example/bard?"],
    ["/foo", "/bar?x=1", "/foo/baz?q=1", "http://a.example/bar?x=1/baz?q=1"],
  ])("of the prefix %s by %s leads from %s to %s", (prefix, prefixRewrite, target, expected) => {
    const rule = { match: [{ uri: { prefix } }], redirect: { prefixRewrite } };
    const end = sent(planWith(rule), "mesh", request("a.example", target));
    const own = sent(planWith(rule), "mesh", request(OWN, target));
    expect(end.kind).toBe("nowhere");
    expect(own).toMatchObject({ kind: "redirect", location: expected.replace("a.example", OWN) });
  });

  test("by the request's port means the port of the Gateway's server, which the local gateway's is not", () => {
    const rule = { redirect: { uri: "/", derivePort: "FROM_REQUEST_PORT" } };
    const gateways = ["kyc", "knative-serving/knative-local-gateway", "mesh"];
    const plan = planOf(
      ...creditCheck(HALVES),
      gateway("kyc", ["*"]),
      virtualService([rule], { hosts: [OWN], gateways }),
    );
    const locations = (["ingress", "local-gateway", "mesh"] as const).map((listener) => {
      const end = sent(plan, listener, request(OWN));
      return end.kind === "redirect" ? end.location : end.kind;
    });
    expect(locations).toEqual([`http://${OWN}/`, `http://${OWN}:8081/`, `http://${OWN}/`]);
  });
});
