import { describe, expect, test } from "bun:test";
import type { KubeObject } from "../../kube/kube-object.ts";
import { FakeCluster } from "../../testing/fake-cluster.ts";
import { profileStep, removalSteps } from "./down.ts";
import { completeStep, recordStep, readLedger } from "../ledger.ts";
import { runSteps } from "../run-steps.ts";
import { config, fakePlatform, istioObjects, knativeObjects, namespace } from "../fake-platform.ts";

const OURS = { "app.kubernetes.io/managed-by": "kyc" };
const ALL = { namespace: "kyc", keepPlatform: false };

function object(
  apiVersion: string,
  kind: string,
  name: string,
  more: object = {},
  where = "kyc",
): KubeObject {
  return { apiVersion, kind, metadata: { name, namespace: where, ...more } };
}

const service = (name: string, more: object = { labels: OURS }, where = "kyc"): KubeObject =>
  object("serving.knative.dev/v1", "Service", name, more, where);
const route = (name: string, more: object = { labels: OURS }, where = "kyc"): KubeObject =>
  object("networking.istio.io/v1", "VirtualService", name, more, where);

/** A cluster in which the platform was there before, and something was deployed. */
function deployed(...more: KubeObject[]): FakeCluster {
  return new FakeCluster("lab", [
    ...istioObjects(),
    ...knativeObjects(),
    namespace("kyc", OURS),
    service("credit-check"),
    route("kyc"),
    ...more,
  ]);
}

async function down(cluster: FakeCluster, options = ALL): Promise<string[]> {
  const { platform } = fakePlatform({ cluster, programs: { istioctl: "" } });
  const views = await runSteps(await removalSteps(platform, options), platform);
  return views.map(({ name, state, detail }) => `${name} ${state}: ${detail}`);
}

describe("what was deployed", () => {
  test("is removed with its namespace, routes first, and nothing else", async () => {
    const cluster = deployed(
      service("theirs", {}),
      config("kyc", "theirs", {}),
      object("v1", "Service", "made-by-knative", { labels: OURS, ownerReferences: [{ uid: "1" }] }),
      route("policy", { labels: OURS }, "istio-system"),
      route("elsewhere", { labels: OURS }, "other"),
    );
    const before = cluster.names;
    expect(await down(cluster)).toEqual(["deployed made: 4 objects removed"]);
    const gone = before.filter((name) => !cluster.names.includes(name));
    expect(gone.sort()).toEqual([
      "Namespace kyc",
      "Service kyc/credit-check",
      "VirtualService istio-system/policy",
      "VirtualService kyc/kyc",
    ]);
    expect(cluster.writes.map((write) => write.split("/").at(-1))).toEqual([
      "kyc",
      "policy",
      "credit-check",
      "kyc",
    ]);
  });

  test("leaves a namespace that it did not create", async () => {
    const cluster = deployed();
    cluster.put(namespace("kyc"));
    await down(cluster);
    expect(cluster.names).toContain("Namespace kyc");
    expect(cluster.names).not.toContain("Service kyc/credit-check");
  });

  test("is nothing the second time", async () => {
    const cluster = deployed();
    await down(cluster);
    const { writes } = cluster;
    const { length } = writes;
    expect(await down(cluster)).toEqual(["deployed there: nothing is there"]);
    expect(writes).toHaveLength(length);
  });
});

describe("the platform", () => {
  /** The objects of `up`: a domain, and Knative, whose namespace existed before. */
  async function made(...more: KubeObject[]): Promise<FakeCluster> {
    const cluster = deployed(...more);
    const objects = knativeObjects()
      .filter(({ kind }) => kind !== "Namespace")
      .map(({ apiVersion, kind, metadata }) => ({ apiVersion, kind, ...metadata }));
    await recordStep(cluster.kube, "knative", { objects });
    await recordStep(cluster.kube, "domain", { before: { "1.2.3.4.sslip.io": null } });
    await completeStep(cluster.kube, "knative");
    cluster.writes.length = 0;
    return cluster;
  }

  test("is removed as far as it was made by up, the last first", async () => {
    const cluster = await made();
    const states = await down(cluster);
    expect(states.map((state) => state.split(":")[0])).toEqual([
      "deployed made",
      "domain made",
      "knative made",
    ]);
    expect(cluster.names).toEqual(istioObjects().map(named).concat("Namespace knative-serving").sort());
  });

  test("is kept on demand, and so is the record of it", async () => {
    const cluster = await made();
    expect(await down(cluster, { ...ALL, keepPlatform: true })).toEqual(["deployed made: 3 objects removed"]);
    expect((await readLedger(cluster.kube)).map(({ step }) => step)).toEqual(["knative", "domain"]);
  });

  test("that others use is not removed, and neither is anything else", async () => {
    const cluster = await made(service("theirs", {}, "other"));
    await expect(down(cluster)).rejects.toThrow(
      /would stop working:\n {2}Knative Service other\/theirs\nNothing/,
    );
    expect(cluster.writes).toEqual([]);
    await down(cluster, { ...ALL, keepPlatform: true });
    expect(cluster.names).toContain("Service other/theirs");
  });

  test("is in use by routes and gateways of others only if Istio would be removed", async () => {
    const theirs = [
      route("theirs", {}, "other"),
      object("networking.istio.io/v1", "Gateway", "theirs", {}, "other"),
      object("networking.istio.io/v1", "Gateway", "knative-local-gateway", {}, "knative-serving"),
      route("of-knative", { labels: { "networking.internal.knative.dev/ingress": "web" } }, "kyc"),
    ];
    const cluster = await made(...theirs);
    await down(cluster);
    const other = await made(...theirs);
    await recordStep(other.kube, "istio", {});
    await expect(down(other)).rejects.toThrow(
      /would stop working:\n {2}VirtualService other\/theirs\n {2}Gateway other\/theirs\nNothing/,
    );
  });

  test("with an unknown part in the record is not changed", async () => {
    const cluster = deployed();
    await recordStep(cluster.kube, "future", {});
    await expect(down(cluster)).rejects.toThrow("names the step future");
  });
});

describe("the minikube profile", () => {
  const listed = JSON.stringify({ invalid: [], valid: [{ Name: "lab" }] });

  test("is deleted", async () => {
    const { platform, programs } = fakePlatform({
      programs: { "minikube profile list": listed, "minikube delete": "" },
    });
    const [view] = await runSteps([profileStep("lab")], platform);
    expect(view).toMatchObject({ state: "made", detail: "the profile lab was deleted" });
    expect(programs.calls.at(-1)).toBe("minikube delete -p lab");
  });

  test("that does not exist needs no step", async () => {
    const { platform } = fakePlatform({ programs: { "minikube profile list": listed } });
    const [view] = await runSteps([profileStep("other")], platform);
    expect(view).toMatchObject({ state: "there", detail: "there is no profile other" });
  });

  test("needs minikube", async () => {
    await expect(runSteps([profileStep("lab")], fakePlatform().platform)).rejects.toThrow(
      "minikube is missing",
    );
  });
});

function named({ kind, metadata }: KubeObject): string {
  return `${kind} ${metadata.namespace ? `${metadata.namespace}/` : ""}${metadata.name}`;
}
