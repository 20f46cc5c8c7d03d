import { expect, test } from "bun:test";
import { PROJECT } from "../../project.ts";
import { FakeCluster } from "../testing/fake-cluster.ts";
import { knativeCluster } from "../workload/fake-objects.ts";
import { deployFiles, type DeployFilesOptions } from "./deploy-files.ts";
import { runKnative } from "./fake-knative.ts";

function options(change: Partial<DeployFilesOptions> = {}): DeployFilesOptions {
  const cluster = knativeCluster();
  runKnative(cluster);
  return {
    root: PROJECT,
    kube: cluster.kube,
    env: { KYC_IMAGE_PREFIX: "registry.example/kyc", KYC_IMAGE_TAG: "trial" },
    namespace: "kyc",
    istio: "istio",
    // Nothing of this machine answers there.
    ingress: "http://127.0.0.1:1",
    buildImages: false,
    forceConflicts: false,
    dryRun: false,
    timeoutMs: 5_000,
    signal: new AbortController().signal,
    events: { onChange() {}, onView() {}, onImage() {} },
    ...change,
  };
}

test("files are deployed with the images that the environment names", async () => {
  const given = options();
  await deployFiles(given);
  const { items } = await given.kube.list({ apiVersion: "serving.knative.dev/v1", kind: "Revision" });
  const images = items.map(({ spec }) => /"image":"([^"]+)"/.exec(JSON.stringify(spec))?.[1]);
  expect(new Set(images)).toEqual(
    new Set(["registry.example/kyc/credit-check:trial", "registry.example/kyc/kyc-aggregator:trial"]),
  );
});

test("if the gateway cannot be reached, the deployed objects remain, and its address is reported as unknown", async () => {
  const { changes, ingress, routed } = await deployFiles(options());
  expect(changes.length).toBeGreaterThan(8);
  expect(routed).toBe(false);
  expect(ingress).toBeInstanceOf(Error);
  expect(String(ingress)).toContain("No server answers at http://127.0.0.1:1");
});

test("a dry run does not look for a delivery method, because there may be none yet", async () => {
  expect(await deployFiles(options({ dryRun: true }))).toMatchObject({ ingress: undefined, routed: false });
});

test.each(["istio/split/by-istio", "istio/strict"])("%s takes the place of istio", async (istio) => {
  const given = options({ istio, dryRun: true });
  const { changes } = await deployFiles(given);
  expect(changes.map(({ object }) => object)).toContain("VirtualService kyc/kyc-credit-check");
});

test("that there is no Knative is reported before images are built", async () => {
  const kube = new FakeCluster().kube;
  const onImage = (): never => {
    throw new Error("an image is built");
  };
  const events = { onChange() {}, onView() {}, onImage };
  await expect(deployFiles(options({ kube, buildImages: true, events }))).rejects.toThrow(
    "this cluster has no kind Service in serving.knative.dev/v1",
  );
});

test("a folder that does not exist is reported, and nothing is applied", async () => {
  const given = options({ istio: "istio/splits/by-istio" });
  await expect(deployFiles(given)).rejects.toThrow("istio/splits/by-istio");
  expect((await given.kube.list({ apiVersion: "v1", kind: "Namespace" })).items).toEqual([]);
});
