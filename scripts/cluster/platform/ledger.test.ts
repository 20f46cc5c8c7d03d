import { describe, expect, test } from "bun:test";
import { FakeCluster } from "../testing/fake-cluster.ts";
import { completeStep, forgetStep, isBrokenOff, recordStep, readLedger } from "./ledger.ts";
import { config } from "./fake-platform.ts";

const LEDGER = { apiVersion: "v1", kind: "ConfigMap", namespace: "kube-system", name: "kyc-platform" };
const A = { apiVersion: "v1", kind: "Namespace", name: "a" };
const B = { apiVersion: "v1", kind: "Service", name: "b", namespace: "a" };

describe("the record of created objects", () => {
  test("is kept in the cluster, in the order of making, with our label", async () => {
    const cluster = new FakeCluster();
    const { kube } = cluster;
    expect(await readLedger(kube)).toEqual([]);
    await recordStep(kube, "istio", { objects: [A] });
    await recordStep(kube, "domain", { before: { "1.2.3.4.sslip.io": null } });
    expect(await readLedger(kube)).toEqual([
      { step: "istio", objects: [A], before: {}, complete: false },
      { step: "domain", objects: [], before: { "1.2.3.4.sslip.io": null }, complete: false },
    ]);
    expect(cluster.get(LEDGER)?.metadata.labels).toEqual({ "app.kubernetes.io/managed-by": "kyc" });
  });

  test("of a repeated step keeps the values of the first time", async () => {
    const { kube } = new FakeCluster();
    await recordStep(kube, "istio", { objects: [A], before: { class: "kourier" } });
    await completeStep(kube, "istio");
    expect(isBrokenOff(await readLedger(kube), "istio")).toBe(false);
    await recordStep(kube, "istio", { objects: [A, B], before: { class: "istio", domain: null } });
    expect(await readLedger(kube)).toEqual([
      { step: "istio", objects: [A, B], before: { class: "kourier", domain: null }, complete: false },
    ]);
    expect(isBrokenOff(await readLedger(kube), "istio")).toBe(true);
    expect(isBrokenOff(await readLedger(kube), "knative")).toBe(false);
  });

  test("is deleted after all was removed", async () => {
    const cluster = new FakeCluster();
    await recordStep(cluster.kube, "istio", {});
    await recordStep(cluster.kube, "knative", {});
    await forgetStep(cluster.kube, "knative");
    expect((await readLedger(cluster.kube)).map(({ step }) => step)).toEqual(["istio"]);
    await forgetStep(cluster.kube, "istio");
    expect(cluster.get(LEDGER)).toBeUndefined();
    await forgetStep(cluster.kube, "istio");
  });

  test.each(["", "{", '[{"step":1}]'])(
    "that cannot be read is reported, and not overwritten: %p",
    async (made) => {
      const cluster = new FakeCluster("fake", [config("kube-system", "kyc-platform", { made })]);
      await expect(readLedger(cluster.kube)).rejects.toThrow("kube-system/kyc-platform");
      await expect(recordStep(cluster.kube, "istio", {})).rejects.toThrow("cannot be read");
      expect(cluster.writes).toEqual([]);
    },
  );
});
