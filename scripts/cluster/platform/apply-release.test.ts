import { describe, expect, test } from "bun:test";
import { applyRelease, objectsIn } from "./apply-release.ts";
import { readLedger } from "./ledger.ts";
import { fakePlatform, namespace } from "./fake-platform.ts";

const YAML = `
# a comment
apiVersion: v1
kind: Namespace
metadata: {name: things}
---
apiVersion: example.com/v1
kind: Thing
metadata: {name: one, namespace: things}
---
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec: {group: example.com, scope: Namespaced, names: {kind: Thing, plural: things}, versions: [{name: v1}]}
---
apiVersion: v1
kind: Namespace
metadata: {name: things}
`;

describe("a release", () => {
  test("holds each object once, without empty documents", () => {
    expect(objectsIn(YAML).map(({ kind }) => kind)).toEqual([
      "Namespace",
      "Thing",
      "CustomResourceDefinition",
    ]);
  });

  test("is applied with the definitions of kinds first, and its objects are recorded before", async () => {
    const { platform, cluster, report } = fakePlatform();
    await applyRelease(platform, "things", objectsIn(YAML), report);
    expect(cluster.writes.map((write) => write.replace(/.*\//, ""))).toEqual([
      "configmaps",
      "things.example.com",
      "things",
      "one",
    ]);
    const [made] = await readLedger(cluster.kube);
    expect(made?.objects.map(({ kind }) => kind)).toEqual(["CustomResourceDefinition", "Namespace", "Thing"]);
    expect(made?.complete).toBe(false);
  });

  test("does not claim earlier objects", async () => {
    const { platform, cluster, report } = fakePlatform();
    cluster.put(namespace("things"));
    await applyRelease(platform, "things", objectsIn(YAML), report);
    const [made] = await readLedger(cluster.kube);
    expect(made?.objects.map(({ kind }) => kind)).toEqual(["CustomResourceDefinition", "Thing"]);
  });

  test("waits for a webhook that is still coming up", async () => {
    const { platform, cluster, report } = fakePlatform();
    let refusals = 0;
    cluster.fault = (method, path) => {
      if (method !== "PATCH" || !path.includes("/namespaces/things?") || refusals++ >= 2) return undefined;
      const message = 'failed calling webhook "x": connection refused';
      return Response.json({ kind: "Status", reason: "InternalError", message }, { status: 500 });
    };
    await applyRelease(platform, "things", objectsIn(YAML), report);
    expect(refusals).toBe(3);
    expect(cluster.names).toContain("Thing things/one");
  });

  test("that is refused for good ends with the refusal", async () => {
    const { platform, cluster, report } = fakePlatform();
    cluster.fault = (method, path) =>
      method === "PATCH" && path.includes("/namespaces/things?")
        ? Response.json({ kind: "Status", reason: "Forbidden", message: "not you" }, { status: 403 })
        : undefined;
    await expect(applyRelease(platform, "things", objectsIn(YAML), report)).rejects.toThrow("not you");
  });
});
