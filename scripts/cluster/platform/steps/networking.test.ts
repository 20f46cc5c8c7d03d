import { describe, expect, test } from "bun:test";
import type { KubeObject } from "../../kube/kube-object.ts";
import { FakeCluster } from "../../testing/fake-cluster.ts";
import { recordStep, readLedger } from "../ledger.ts";
import {
  config,
  deployment,
  fakePlatform,
  istioObjects,
  knativeObjects,
  networkingObjects,
} from "../fake-platform.ts";
import { giveClassBack, NETWORKING, networkingStep } from "./networking.ts";

const CLASS = "istio.ingress.networking.knative.dev";
const CONFIG = { apiVersion: "v1", kind: "ConfigMap", namespace: "knative-serving", name: "config-network" };

/** A cluster with the layer's objects, and its controllers or signs of them. */
function layered(...more: KubeObject[]): FakeCluster {
  return new FakeCluster("c", [...istioObjects(), ...knativeObjects(), ...networkingObjects(), ...more]);
}

function netIstio(ready = true): KubeObject {
  return deployment("knative-serving", "net-istio-controller", {
    labels: { "app.kubernetes.io/version": "1.15.1" },
    ready,
  });
}

function ingress(ready: string, annotations: Record<string, string> = {}): KubeObject {
  return {
    apiVersion: "networking.internal.knative.dev/v1alpha1",
    kind: "Ingress",
    metadata: { name: "web", namespace: "n", annotations },
    spec: {},
    status: { conditions: [{ type: "Ready", status: ready }] },
  };
}

function knativeService(name: string): KubeObject {
  return {
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    metadata: { name, namespace: "n" },
    spec: {},
  };
}

describe("the networking layer", () => {
  test.each([
    ["net-istio that is ready", [netIstio()], { done: true, detail: "net-istio 1.15.1" }],
    [
      "a route that became ready by another controller",
      [ingress("True")],
      { done: true, detail: "a controller other than net-istio" },
    ],
    [
      "nothing that speaks against it",
      [],
      { done: true, detail: "set up by another tool; there is no route yet that shows whether it works" },
    ],
    [
      "only routes of another class",
      [ingress("Unknown", { "networking.knative.dev/ingress.class": "kourier" })],
      { done: true, detail: "set up by another tool; there is no route yet that shows whether it works" },
    ],
    [
      "net-istio that is not ready",
      [netIstio(false)],
      { done: false, detail: "net-istio-controller: 0 of 1 pods are ready" },
    ],
    [
      "no route that became ready",
      [ingress("Unknown")],
      { done: false, detail: "no controller processes Knative's routes" },
    ],
  ])("with %s", async (_, more, expected) => {
    expect(await networkingStep.inspect(fakePlatform({ cluster: layered(...more) }).platform)).toEqual(
      expected,
    );
  });

  test.each([
    ["ingress-class", CLASS, true],
    ["ingress.class", CLASS, true],
    ["ingress-class", "kourier.ingress.networking.knative.dev", false],
    ["ingress.class", "kourier.ingress.networking.knative.dev", false],
    // Istio's class is Knative's default.
    ["_example", "ingress-class: x", true],
  ])("with %s: %s is so: %p", async (key, value, done) => {
    const cluster = layered(netIstio(), config("knative-serving", "config-network", { [key]: value }));
    expect((await networkingStep.inspect(fakePlatform({ cluster }).platform)).done).toBe(done);
  });

  test("is installed if it is missing, and not changed if it was installed in part by other means", async () => {
    const none = new FakeCluster("c", [...istioObjects(), ...knativeObjects()]);
    expect(await networkingStep.inspect(fakePlatform({ cluster: none }).platform)).toEqual({
      done: false,
      detail: "not installed",
    });
    const part = layered();
    part.remove({
      apiVersion: "v1",
      kind: "Service",
      namespace: "istio-system",
      name: "knative-local-gateway",
    });
    const { platform, report } = fakePlatform({ cluster: part });
    await expect(networkingStep.run(platform, report)).rejects.toThrow(
      "incomplete: Service istio-system/knative-local-gateway missing. It was not set up by ./kyc up",
    );
    expect(part.writes).toEqual([]);
  });

  test("on which nothing acts is reported, and nothing is installed over it", async () => {
    const { platform, report, cluster } = fakePlatform({ cluster: layered(ingress("Unknown")) });
    await expect(networkingStep.run(platform, report)).rejects.toThrow(
      "no controller processes Knative's routes",
    );
    expect(cluster.writes).toEqual([]);
  });

  test("that was broken off is to be installed again", async () => {
    const cluster = layered(netIstio());
    await recordStep(cluster.kube, NETWORKING, {
      objects: [{ apiVersion: "v1", kind: "Service", name: "s", namespace: "n" }],
    });
    expect(await networkingStep.inspect(fakePlatform({ cluster }).platform)).toEqual({
      done: false,
      detail: "installation was interrupted",
    });
  });
});

describe("the ingress class", () => {
  const OTHER = { "ingress-class": "kourier.ingress.networking.knative.dev" };
  const other = (): KubeObject => config("knative-serving", "config-network", OTHER);

  test("is changed if no other layer is in use, and restored", async () => {
    const { platform, report, cluster } = fakePlatform({ cluster: layered(netIstio(), other()) });
    expect(await networkingStep.run(platform, report)).toBe("net-istio 1.15.1");
    expect(cluster.get(CONFIG)).toMatchObject({ data: { "ingress-class": CLASS } });
    const [made] = await readLedger(cluster.kube);
    expect(made).toMatchObject({ step: NETWORKING, before: OTHER, complete: true });
    if (made) await giveClassBack(cluster.kube, made);
    expect(cluster.get(CONFIG)).toMatchObject({ data: OTHER });
  });

  test("is not changed if others use another layer", async () => {
    const { platform, report, cluster } = fakePlatform({
      cluster: layered(netIstio(), other(), knativeService("theirs")),
    });
    await expect(networkingStep.run(platform, report)).rejects.toThrow("these services use it: n/theirs");
    expect(cluster.writes).toEqual([]);
  });

  test("that was not changed is not given back", async () => {
    const cluster = layered(other());
    await giveClassBack(cluster.kube, { step: NETWORKING, objects: [], before: {}, complete: true });
    expect(cluster.writes).toEqual([]);
  });
});
