import { describe, expect, test } from "bun:test";
import { readDocuments } from "../../manifests/read.ts";
import { PROJECT } from "../../project.ts";
import type { KubeObject } from "../kube/kube-object.ts";
import type { FakeCluster } from "../testing/fake-cluster.ts";
import { knativeCluster } from "../workload/fake-objects.ts";
import { deploy } from "./deploy.ts";
import { runKnative } from "./fake-knative.ts";
import { whyNotRestricted } from "./pod-security.ts";

const PLUGIN = { pilot: { cni: { enabled: true } } };
const PROFILE = { global: { proxy: { seccompProfile: { type: "RuntimeDefault" } } } };

function injector(values: object): KubeObject {
  const object = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "istio-sidecar-injector", namespace: "istio-system" },
    data: { values: JSON.stringify(values) },
  };
  return object;
}

async function deployNamespace(cluster: FakeCluster): Promise<string> {
  const { documents } = await readDocuments(PROJECT, ["knative"]);
  let told = "";
  runKnative(cluster);
  await deploy({
    kube: cluster.kube,
    documents,
    namespace: "kyc",
    images: [],
    events: {
      onChange: (object, _, note) => (told += object === "Namespace kyc" ? (note ?? "") : ""),
      onView() {},
    },
    signal: new AbortController().signal,
    timeoutMs: 5_000,
    forceConflicts: false,
    dryRun: false,
  });
  const found = await cluster.kube.get({ apiVersion: "v1", kind: "Namespace", name: "kyc" });
  return `${found?.metadata.labels?.["pod-security.kubernetes.io/enforce"] ?? "not enforced"} ${told}`.trim();
}

describe("the Pod Security Standard restricted", () => {
  test("is enforced if Istio's sidecars comply", async () => {
    expect(await deployNamespace(knativeCluster(injector({ ...PLUGIN, ...PROFILE })))).toBe("restricted");
  });

  test("is enforced if there are no sidecars", async () => {
    expect(await deployNamespace(knativeCluster())).toBe("restricted");
  });

  test("is only reported if they do not comply, with the reason", async () => {
    expect(await deployNamespace(knativeCluster(injector({})))).toBe(
      'not enforced Pod Security "restricted" is reported but not enforced: Istio\'s sidecars need an init container with NET_ADMIN, as its CNI plugin is not installed',
    );
  });

  test.each<[string, object, string | undefined]>([
    ["the plugin without a profile", PLUGIN, "no seccomp profile"],
    ["a profile without the plugin", PROFILE, "NET_ADMIN"],
    ["values of another shape", { pilot: "x" }, "NET_ADMIN"],
  ])("cannot be enforced with %s", async (_, values, reason) => {
    expect(await whyNotRestricted(knativeCluster(injector(values)).kube)).toContain(reason ?? "");
  });

  test("cannot be enforced with one of two injectors that does not", async () => {
    const [first, second] = [injector({ ...PLUGIN, ...PROFILE }), injector({})];
    const other = { ...second, metadata: { ...second.metadata, name: "istio-sidecar-injector-canary" } };
    expect(await whyNotRestricted(knativeCluster(first, other).kube)).toContain("NET_ADMIN");
  });
});
