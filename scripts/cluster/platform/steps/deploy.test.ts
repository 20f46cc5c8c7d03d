import { describe, expect, test } from "bun:test";
import { PROJECT } from "../../../project.ts";
import type { KubeObject } from "../../kube/kube-object.ts";
import { FakeCluster } from "../../testing/fake-cluster.ts";
import { definition, fakePlatform, istioObjects, knativeObjects } from "../fake-platform.ts";
import { deployStep } from "./deploy.ts";
import { verifyStep } from "./verify.ts";

const step = deployStep({ root: PROJECT, namespace: "kyc" });

function platformCluster(): FakeCluster {
  const revisions = definition("revisions", "serving.knative.dev", "Revision");
  return new FakeCluster("c", [...istioObjects(), ...knativeObjects(), revisions]);
}

/** Adds the step's objects to the cluster as an apply would. */
function apply(cluster: FakeCluster): void {
  const send = cluster.send.bind(cluster);
  cluster.send = (path, request) => send(path.replace("&dryRun=All", ""), request);
}

function revision(name: string): KubeObject {
  const metadata = { name, namespace: "kyc" };
  return {
    apiVersion: "serving.knative.dev/v1",
    kind: "Revision",
    metadata,
    spec: { containers: [{ image: "i" }] },
  };
}

function becomeReady(cluster: FakeCluster, name: string): void {
  const service = cluster.get({
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    name,
    namespace: "kyc",
  });
  if (service) cluster.put({ ...service, status: { conditions: [{ type: "Ready", status: "True" }] } });
}

describe("deploying", () => {
  test("is to be done on a cluster without the kinds", async () => {
    const { platform, cluster } = fakePlatform();
    expect(await step.inspect(platform)).toEqual({ done: false, detail: "not deployed" });
    expect(cluster.writes).toEqual([]);
  });

  test("is due if the files would change something, and the inspection changes nothing", async () => {
    const { platform, cluster } = fakePlatform({ cluster: platformCluster() });
    const { done, detail } = await step.inspect(platform);
    expect(done).toBe(false);
    expect(detail).toMatch(/^[1-9][0-9]* objects of kyc differ from the files$/);
    expect(cluster.writes).toEqual([]);
  });

  test("is done if the files would change nothing, and the services are ready", async () => {
    const cluster = platformCluster();
    const { platform } = fakePlatform({ cluster });
    for (const name of ["credit-check-basic", "credit-check-advanced"]) cluster.put(revision(name));
    apply(cluster);
    await step.inspect(platform);
    const waiting = await step.inspect(platform);
    expect(waiting).toEqual({ done: false, detail: "credit-check: not ready yet" });
    for (const name of ["credit-check", "kyc-aggregator"]) becomeReady(cluster, name);
    const { done, detail } = await step.inspect(platform);
    expect(done).toBe(true);
    expect(detail).toMatch(/^[1-9][0-9]* objects of kyc$/);
  });

  test("fails if another manager owns a field, and forces nothing", async () => {
    const cluster = platformCluster();
    const { platform, report } = fakePlatform({ cluster });
    const cause = { reason: "FieldManagerConflict", message: 'conflict with "kn"', field: ".spec.traffic" };
    cluster.fault = (method, path) =>
      method === "PATCH" && path.includes("/services/credit-check?")
        ? Response.json({ kind: "Status", reason: "Conflict", details: { causes: [cause] } }, { status: 409 })
        : undefined;
    // Nothing becomes ready here; only the conflict matters.
    const attempt = step.run(fakePlatform({ cluster, timeoutMs: 50 }).platform, report);
    await expect(attempt).rejects.toThrow();
    expect((await step.inspect(platform)).done).toBe(false);
  });
});

describe("checks", () => {
  const check = verifyStep({ root: PROJECT, namespace: "kyc", ingress: undefined });

  test("are always to be made, and change nothing", async () => {
    expect(await check.inspect(fakePlatform().platform)).toEqual({ done: false, detail: "to be made" });
    expect(check.readsOnly).toBe(true);
  });

  test("that cannot be made say why", async () => {
    const { platform, report } = fakePlatform({ cluster: platformCluster() });
    await expect(check.run(platform, report)).rejects.toThrow("No Service of the Istio ingress gateway");
  });

  test("end when the user ends them", async () => {
    const controller = new AbortController();
    const { platform, report } = fakePlatform({ cluster: platformCluster(), signal: controller.signal });
    const checking = verifyStep({ root: PROJECT, namespace: "kyc", ingress: "http://127.0.0.1:9" }).run(
      platform,
      report,
    );
    controller.abort();
    await expect(checking).rejects.toThrow("abort");
  });
});
