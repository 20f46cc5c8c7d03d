import { expect, test } from "bun:test";
import { deployRank, kindsInRemovalOrder } from "./deploy-order.ts";

test("an object is deployed after the objects that it refers to, and before those that refer to it", () => {
  const ranks = [
    deployRank("v1", "Namespace"),
    deployRank("v1", "ConfigMap"),
    deployRank("security.istio.io/v1", "PeerAuthentication"),
    deployRank("serving.knative.dev/v1", "Service"),
    deployRank("networking.istio.io/v1beta1", "VirtualService"),
  ];
  expect(ranks).toEqual([0, 1, 2, 3, 4]);
});

test("kinds of one name in two groups have ranks of their own", () => {
  expect(deployRank("v1", "Service")).toBeLessThan(deployRank("serving.knative.dev/v1", "Service"));
});

test("an unregistered kind is deployed before the services", () => {
  const rank = deployRank("apps/v1", "StatefulSet");
  expect(rank).toBeGreaterThan(deployRank("v1", "ServiceAccount"));
  expect(rank).toBeLessThan(deployRank("serving.knative.dev/v1", "Service"));
});

test("a removal lists each kind once: routes, services, policies, then their dependencies, and no Namespace", () => {
  const kinds = kindsInRemovalOrder();
  const names = kinds.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`);
  expect(new Set(names).size).toBe(names.length);
  expect(names.slice(0, 2)).toEqual([
    "networking.istio.io/v1 VirtualService",
    "serving.knative.dev/v1 Service",
  ]);
  expect(names).toContain("networking.k8s.io/v1 NetworkPolicy");
  expect(names).not.toContain("v1 Namespace");
  const ranks = kinds.map(({ apiVersion, kind }) => deployRank(apiVersion, kind));
  expect(ranks).toEqual(ranks.toSorted((a, b) => b - a));
});
