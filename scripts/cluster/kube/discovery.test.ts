import { describe, expect, test } from "bun:test";
import { Discovery, type Resource } from "./discovery.ts";
import { rejection } from "./testing/rejection.ts";

const SERVICE = { apiVersion: "serving.knative.dev/v1", kind: "Service" };
const NAMESPACE = { apiVersion: "v1", kind: "Namespace" };

describe("the path", () => {
  test.each([
    [SERVICE, "kyc", "a", "/apis/serving.knative.dev/v1/namespaces/kyc/services/a"],
    [SERVICE, "kyc", undefined, "/apis/serving.knative.dev/v1/namespaces/kyc/services"],
    [SERVICE, undefined, undefined, "/apis/serving.knative.dev/v1/services"],
    [NAMESPACE, undefined, "kyc", "/api/v1/namespaces/kyc"],
    [NAMESPACE, "ignored", "kyc", "/api/v1/namespaces/kyc"],
    [NAMESPACE, undefined, undefined, "/api/v1/namespaces"],
    [NAMESPACE, undefined, "../pods", "/api/v1/namespaces/..%2Fpods"],
  ])("of a kind, namespace and name is right", async (kind, namespace, name, path) => {
    expect(await new Cluster().discovery.path(kind, { namespace, name })).toBe(path);
  });

  test("of one object of a namespaced kind needs the namespace", async () => {
    const error = await rejection(new Cluster().discovery.path(SERVICE, { name: "a" }));
    expect(error.message).toBe("Service a is in a namespace: say in which");
  });

  test("never leads to a part of an object, whose kind may have the same name", async () => {
    const cluster = new Cluster();
    cluster.groups["/apis/serving.knative.dev/v1"]?.unshift({
      name: "services/scale",
      kind: "Service",
      namespaced: true,
    });
    expect(await cluster.discovery.path(SERVICE, {})).toBe("/apis/serving.knative.dev/v1/services");
  });
});

describe("a version of a group", () => {
  test("is requested once, even by many at the same time", async () => {
    const { discovery, asked } = new Cluster();
    await Promise.all([1, 2, 3].map(() => discovery.path(SERVICE, {})));
    await discovery.path(SERVICE, {});
    expect(asked).toEqual(["/apis/serving.knative.dev/v1"]);
  });

  test("that is installed later is found", async () => {
    const cluster = new Cluster();
    const gateway = { apiVersion: "networking.istio.io/v1", kind: "Gateway" };
    expect(await cluster.discovery.path(gateway, {})).toBeUndefined();
    cluster.groups["/apis/networking.istio.io/v1"] = [
      { name: "gateways", kind: "Gateway", namespaced: true },
    ];
    expect(await cluster.discovery.path(gateway, {})).toBe("/apis/networking.istio.io/v1/gateways");
  });

  test("is requested again for a missing kind, once for many at the same time", async () => {
    const cluster = new Cluster();
    await cluster.discovery.path(SERVICE, {});
    const route = { ...SERVICE, kind: "Route" };
    cluster.groups["/apis/serving.knative.dev/v1"]?.push({ name: "routes", kind: "Route", namespaced: true });
    const paths = await Promise.all([1, 2, 3].map(() => cluster.discovery.path(route, {})));
    expect(new Set(paths)).toEqual(new Set(["/apis/serving.knative.dev/v1/routes"]));
    expect(cluster.asked).toHaveLength(2);
  });

  test("is requested again after a failure", async () => {
    const cluster = new Cluster();
    cluster.failing = true;
    expect((await rejection(cluster.discovery.path(SERVICE, {}))).message).toBe("no answer");
    cluster.failing = false;
    expect(await cluster.discovery.path(SERVICE, {})).toBeString();
  });
});

class Cluster {
  readonly asked: string[] = [];
  readonly groups: Record<string, Resource[]> = {
    "/api/v1": [{ name: "namespaces", kind: "Namespace", namespaced: false }],
    "/apis/serving.knative.dev/v1": [{ name: "services", kind: "Service", namespaced: true }],
  };
  failing = false;
  readonly discovery = new Discovery(async (path) => {
    this.asked.push(path);
    await Bun.sleep(1);
    if (this.failing) throw new Error("no answer");
    return [...(this.groups[path] ?? [])];
  });
}
