import { describe, expect, test } from "bun:test";
import { parseDocuments } from "../../manifests/document.ts";
import { collectResources } from "../../manifests/resources.ts";
import { describePolicy, hashPolicyFor, readHashPolicies } from "./hash-policies.ts";

function policies(...specs: string[]) {
  const texts = specs.map(
    (spec, i) =>
      `apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: r${i}, namespace: shop}\nspec: ${spec}\n`,
  );
  const { resources, problems } = collectResources(parseDocuments("a.yaml", texts.join("---\n")).documents);
  expect(problems).toEqual([]);
  return readHashPolicies(resources.destinationRules);
}

const by = (hash: string): string => `trafficPolicy: {loadBalancer: {consistentHash: {${hash}}}}`;
const HOST = "web.shop.svc.cluster.local";

describe("consistentHash", () => {
  test.each([
    ["httpHeaderName: X-User", "the header x-user"],
    ["httpCookie: {name: session, ttl: 0s}", "the cookie session"],
    ["useSourceIp: true", "the caller's address"],
    ["httpQueryParameterName: user", "the query parameter user"],
  ])("by %s", (hash, expected) => {
    const policy = hashPolicyFor(policies(`{host: web, ${by(hash)}}`), HOST, undefined);
    expect(policy && describePolicy(policy)).toBe(expected);
  });

  test("without a value of its own is ignored", () => {
    expect(
      hashPolicyFor(policies(`{host: web, ${by("useSourceIp: false")}}`), HOST, undefined),
    ).toBeUndefined();
  });

  test("of a host applies to its subsets, unless they have their own load balancer", () => {
    const found = policies(
      `{host: web, ${by("httpHeaderName: a")}, subsets: [{name: v1}, {name: v2, ${by("httpHeaderName: b")}}, {name: v3, trafficPolicy: {loadBalancer: {simple: RANDOM}}}]}`,
    );
    const names = ["v1", "v2", "v3"].map((subset) => {
      const policy = hashPolicyFor(found, HOST, subset);
      return policy?.kind === "header" ? policy.name : undefined;
    });
    expect(names).toEqual(["a", "b", undefined]);
  });

  test("of the longest wildcard applies if no rule names the host", () => {
    const found = policies(
      `{host: "*.svc.cluster.local", ${by("httpHeaderName: a")}}`,
      `{host: "*.shop.svc.cluster.local", ${by("httpHeaderName: b")}}`,
    );
    expect(hashPolicyFor(found, HOST, undefined)).toEqual({ kind: "header", name: "b" });
    expect(hashPolicyFor(found, "web.other.svc.cluster.local", undefined)).toEqual({
      kind: "header",
      name: "a",
    });
    expect(hashPolicyFor(found, "elsewhere.example", undefined)).toBeUndefined();
  });
});
