import { describe, expect, test } from "bun:test";
import { Check } from "typebox/schema";
import { SAMPLE } from "../../../test/sample.ts";
import { readDocuments } from "../../manifests/read.ts";
import { KubeObject } from "../kube/kube-object.ts";
import type { FakeCluster } from "../testing/fake-cluster.ts";
import { deployedCluster } from "../live/deployed-cluster.ts";
import { readWorkload } from "../workload/follow.ts";
import { knativeCluster, podObject, revisionObject, serviceObject } from "../workload/fake-objects.ts";
import type { CheckResult } from "./check.ts";
import { objectChecks, workloadChecks } from "./object-checks.ts";

const { documents } = await readDocuments(SAMPLE, ["knative", "istio"]);
const described = documents.flatMap(({ value }) => (Check(KubeObject, value) ? [value] : []));

const NETWORKING = "networking.istio.io/v1";

const failing = (results: readonly CheckResult[]): string[] =>
  results.filter(({ ok }) => !ok).map(({ name, expected, seen }) => `${name}: ${expected}, but ${seen}`);

describe("the objects", () => {
  const checks = (cluster: FakeCluster): Promise<CheckResult[]> =>
    objectChecks(cluster.kube, "kyc", described);

  test("are all there after a deployment", async () => {
    // Knative's controllers make the service's own Service.
    const cluster = await deployedCluster("knative", "istio");
    for (const name of ["kyc-aggregator", "credit-check"])
      cluster.put({ apiVersion: "v1", kind: "Service", metadata: { name, namespace: "kyc" } });
    expect(failing(await checks(cluster))).toEqual([]);
  });

  test("are empty if nothing was deployed", async () => {
    const missing = failing(await checks(knativeCluster()));
    expect(missing).toContain("Gateway: kyc, but none");
    expect(missing).toContain("VirtualService: kyc, kyc-credit-check, but none");
    expect(missing.find((line) => line.startsWith("Service: "))).toMatch(
      /kyc-credit-check.*credit-check.*but none/,
    );
  });

  test("hold no rule on a revision's host, which Knative routes by itself", async () => {
    const rule = (name: string, host: string): void =>
      cluster.put({
        apiVersion: NETWORKING,
        kind: "DestinationRule",
        metadata: { name, namespace: "kyc" },
        spec: { host },
      });
    const cluster = knativeCluster();
    rule("harmless", "elsewhere.example");
    rule("in-the-way", "credit-check-basic.kyc.svc.cluster.local");
    expect(failing(await checks(cluster))).toContain(
      "destination rules on a revision's host: none, but in-the-way",
    );
  });
});

describe("the workload", () => {
  const TRAFFIC = [
    { revisionName: "credit-check-basic", tag: "basic", percent: 100 },
    { revisionName: "credit-check-advanced", tag: "advanced", percent: 0 },
  ];
  const AGGREGATOR = serviceObject("kyc-aggregator", {});
  const SERVICE = serviceObject("credit-check", { traffic: TRAFFIC });
  const BASIC = revisionObject("credit-check", "credit-check-basic");
  const ADVANCED = revisionObject("credit-check", "credit-check-advanced");

  const checks = async (...objects: KubeObject[]): Promise<CheckResult[]> =>
    workloadChecks(await readWorkload(knativeCluster(...objects).kube, "kyc"), [
      "kyc-aggregator",
      "credit-check",
    ]);

  test("is ready with its sidecars; a revision may be at zero", async () => {
    const results = await checks(
      AGGREGATOR,
      SERVICE,
      BASIC,
      ADVANCED,
      podObject("credit-check", "credit-check-basic"),
    );
    expect(failing(results)).toEqual([]);
    expect(results.map(({ name }) => name)).toEqual([
      "Knative Service kyc-aggregator",
      "Knative Service credit-check",
      "revision credit-check-advanced",
      "revision credit-check-basic",
      "pod credit-check-basic-pod",
    ]);
  });

  test("does not exist if nothing was deployed", async () => {
    expect(failing(await checks())).toEqual([
      "Knative Service kyc-aggregator: ready, but not there",
      "Knative Service credit-check: ready, but not there",
    ]);
  });

  test.each<[string, KubeObject[], string]>([
    [
      "a service in its own words",
      [AGGREGATOR, serviceObject("credit-check", { ready: false, message: "Revision missing" })],
      "Knative Service credit-check: ready, but Revision missing",
    ],
    [
      "a revision that has traffic",
      [
        AGGREGATOR,
        SERVICE,
        revisionObject("credit-check", "credit-check-basic", { ready: false, message: "no image" }),
      ],
      "revision credit-check-basic: ready, but no image",
    ],
    [
      "a revision that has only a tag",
      [
        AGGREGATOR,
        SERVICE,
        BASIC,
        revisionObject("credit-check", "credit-check-advanced", { ready: "unknown" }),
      ],
      "revision credit-check-advanced: ready, but waiting",
    ],
    [
      "a container that is not ready",
      [
        AGGREGATOR,
        SERVICE,
        BASIC,
        podObject("credit-check", "credit-check-basic", { user: { ready: false } }),
      ],
      "pod credit-check-basic-pod: 3/3 ready, with sidecar, but 2/3 ready, with sidecar",
    ],
    [
      "a pod without a sidecar",
      [AGGREGATOR, SERVICE, BASIC, withoutSidecar()],
      "pod credit-check-basic-pod: 2/2 ready, with sidecar, but 2/2 ready, without sidecar",
    ],
  ])("reports %s", async (_, objects, told) => {
    expect(failing(await checks(...objects))).toEqual([told]);
  });

  test("leaves out a revision that nothing leads to", async () => {
    const old = revisionObject("credit-check", "credit-check-old", { ready: false });
    expect(failing(await checks(AGGREGATOR, SERVICE, BASIC, old))).toEqual([]);
  });
});

function withoutSidecar(): ReturnType<typeof podObject> {
  const pod = podObject("credit-check", "credit-check-basic");
  const status = { ...(pod.status as object), initContainerStatuses: [] };
  return { ...pod, status };
}
