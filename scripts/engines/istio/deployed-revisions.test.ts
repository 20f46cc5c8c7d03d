import { describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { Kube } from "../../cluster/kube/client.ts";
import { KubeObject, parse } from "../../cluster/kube/kube-object.ts";
import { FakeCluster } from "../../cluster/testing/fake-cluster.ts";
import { PROJECT } from "../../project.ts";
import { CannotWrite, type SplitTarget } from "../../traffic/split/split.ts";
import { planChange } from "../plan-change.ts";
import { istioEngine } from "./istio-engine.ts";

const NAMESPACE = "classic";
const ROUTES = {
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  namespace: NAMESPACE,
  name: "credit-check",
};
const DEPLOYMENT = { apiVersion: "apps/v1", kind: "Deployment", namespace: NAMESPACE };

/** A cluster without Knative that has the objects of examples/classic-istio, each Deployment with its pods. */
async function classic(): Promise<{ cluster: FakeCluster; kube: Kube }> {
  const cluster = new FakeCluster("classic");
  for (const [kind, plural] of [
    ["VirtualService", "virtualservices"],
    ["DestinationRule", "destinationrules"],
    ["Gateway", "gateways"],
  ] as const)
    cluster.know({ apiVersion: "networking.istio.io/v1", kind, plural, namespaced: true });
  const folder = join(PROJECT, "examples/classic-istio/istio");
  for (const file of (await readdir(folder)).sort()) {
    for (const document of parseAllDocuments(await Bun.file(join(folder, file)).text())) {
      const object = parse(KubeObject, document.toJS(), file);
      const status = { observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1 };
      cluster.put({
        ...object,
        metadata: { ...object.metadata, generation: 1 },
        ...(object.kind === "Deployment" ? { status } : {}),
      });
    }
  }
  return { cluster, kube: new Kube(cluster) };
}

const engineOf = (kube: Kube) =>
  istioEngine({ kube, namespace: NAMESPACE, service: "credit-check", now: () => 5 });

function shares(targets: readonly SplitTarget[]): string {
  return targets.map(({ revision, percent }) => `${revision} ${percent}`).join(", ");
}

const traffic = (...values: string[]) => ({
  flags: { traffic: values, tags: [], untags: [] },
  allowMissing: false,
  force: false,
});

describe("the split between Deployments", () => {
  test("is the weights of the rule without a condition, and nothing else changes", async () => {
    const { cluster, kube } = await classic();
    const engine = await engineOf(kube);
    const before = JSON.stringify(cluster.get(ROUTES)?.spec);
    expect(engine.place).toContain("credit-check");
    expect(shares((await engine.read()).targets)).toBe("v1 90, v2 10");
    const change = await planChange(engine, traffic("v2=25"));
    await engine.write(change.after, change.before.version, "me");
    expect(shares((await engine.read()).targets)).toBe("v1 75, v2 25");
    expect(JSON.stringify(cluster.get(ROUTES)?.spec)).toBe(
      before.replace('"weight":90', '"weight":75').replace('"weight":10', '"weight":25'),
    );
    const [made] = await engine.changes();
    expect(shares(made?.before ?? [])).toBe("v1 90, v2 10");
  });

  test("offers a subset without a destination, and gives it one in the form of the others", async () => {
    const { cluster, kube } = await classic();
    const routes = cluster.get(ROUTES);
    const { http } = routes?.spec as { http: { route: object[] }[] };
    http[2]?.route.pop();
    if (routes) cluster.put(routes);
    const engine = await engineOf(kube);
    expect(shares((await engine.read()).targets)).toBe("v1 100, v2 0");
    const change = await planChange(engine, traffic("v1=95", "v2=5"));
    await engine.write(change.after, change.before.version, "me");
    const after = cluster.get(ROUTES)?.spec as { http: { route: object[] }[] };
    expect(after.http[2]?.route[1]).toEqual({
      destination: { host: "credit-check.classic.svc.cluster.local", subset: "v2" },
      weight: 5,
    });
  });

  test("takes readiness from the Deployments with the labels of the subset", async () => {
    const { cluster, kube } = await classic();
    const engine = await engineOf(kube);
    expect(await engine.revisions()).toEqual([
      { name: "v1", ready: true, reason: undefined },
      { name: "v2", ready: true, reason: undefined },
    ]);
    const v2 = cluster.get({ ...DEPLOYMENT, name: "credit-check-v2" });
    if (v2) cluster.put({ ...v2, status: { ...(v2.status as object), availableReplicas: 0 } });
    expect((await engine.revisions())[1]).toEqual({
      name: "v2",
      ready: false,
      reason: "credit-check-v2: 0 of 1 pods are ready",
    });
    expect(planChange(engine, traffic("v2=25"))).rejects.toThrow("v2 is not ready");
    if (v2) cluster.put({ ...v2, spec: { ...(v2.spec as object), replicas: 0 } });
    expect((await engine.revisions())[1]?.reason).toBe("Deployment credit-check-v2 has 0 replicas");
    cluster.remove({ ...DEPLOYMENT, name: "credit-check-v2" });
    expect((await engine.revisions())[1]?.reason).toBe(
      "no Deployment has pods with the labels app=credit-check, version=v2",
    );
    cluster.remove({ apiVersion: "v1", kind: "Service", namespace: NAMESPACE, name: "credit-check" });
    expect((await engine.revisions()).map(({ reason }) => reason)).toEqual(
      Array.from({ length: 2 }, () => "there is no Service credit-check with a selector in classic"),
    );
  });

  test("has no tags, and needs the rights to read the objects behind subsets", async () => {
    const { kube } = await classic();
    const engine = await engineOf(kube);
    const { targets, version } = await engine.read();
    const tagged = targets.map((target) => ({ ...target, tag: "next" }));
    expect(engine.write(tagged, version, "me")).rejects.toThrow(CannotWrite);
    expect(engine.rights?.own.flatMap(({ resources }) => resources)).toContain("deployments");
    expect(engine.addressOf).toBeUndefined();
  });

  test("may be between Services of versions if no DestinationRule defines subsets", async () => {
    const { cluster, kube } = await classic();
    cluster.remove({ ...ROUTES, kind: "DestinationRule" });
    for (const version of ["v1", "v2"])
      cluster.put({
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: `credit-check-${version}`, namespace: NAMESPACE },
        spec: { selector: { app: "credit-check", version } },
      });
    const routes = cluster.get(ROUTES);
    const { http } = routes?.spec as { http: { route: object[] }[] };
    const to = (version: string, weight: number) => ({
      destination: { host: `credit-check-${version}.${NAMESPACE}.svc.cluster.local` },
      weight,
    });
    http[2]?.route.splice(0, 2, to("v1", 90), to("v2", 10));
    if (routes) cluster.put(routes);
    const engine = await engineOf(kube);
    expect(shares((await engine.read()).targets)).toBe("credit-check-v1 90, credit-check-v2 10");
    expect((await engine.revisions()).map(({ ready }) => ready)).toEqual([true, true]);
    const change = await planChange(engine, traffic("credit-check-v2=40"));
    await engine.write(change.after, change.before.version, "me");
    const after = cluster.get(ROUTES)?.spec as { http: { route: object[] }[] };
    expect(after.http[2]?.route).toEqual([to("v1", 60), to("v2", 40)]);
  });
});
