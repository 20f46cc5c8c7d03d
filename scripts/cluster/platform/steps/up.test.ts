import { describe, expect, test } from "bun:test";
import { PROJECT } from "../../../project.ts";
import { imagesOf } from "../../images/ensure-images.ts";
import { NoCluster } from "../../kubeconfig/kubeconfig.ts";
import type { KubeObject } from "../../kube/kube-object.ts";
import { FakeCluster } from "../../testing/fake-cluster.ts";
import { runSteps } from "../run-steps.ts";
import {
  config,
  deployment,
  fakePlatform,
  istioObjects,
  knativeObjects,
  networkingObjects,
  podOf,
} from "../fake-platform.ts";
import { platformSteps } from "./up.ts";

const steps = platformSteps({
  root: PROJECT,
  profile: "minikube",
  cpus: 4,
  memory: "8g",
  kubernetesVersion: "1.34.0",
});

const images = (await imagesOf(PROJECT, {})).map(({ image }) => image);
const node: KubeObject = {
  apiVersion: "v1",
  kind: "Node",
  metadata: { name: "node" },
  status: { images: [{ names: images }] },
};

describe("up", () => {
  test("does nothing if everything is done", async () => {
    const cluster = new FakeCluster("prod", [
      ...istioObjects(),
      ...knativeObjects(),
      ...networkingObjects(),
      deployment("knative-serving", "net-istio-controller"),
      config("knative-serving", "config-domain", { "kyc.example.org": "" }),
      {
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name: "knative-serving", labels: { "istio-injection": "enabled" } },
      },
      ...["activator", "autoscaler", "controller", "webhook", "net-istio-controller"].map((name) =>
        podOf("knative-serving", name, ["main", "istio-proxy"]),
      ),
      node,
    ]);
    const { platform, programs } = fakePlatform({ cluster });
    const views = await runSteps(steps, platform);
    expect(views.map(({ name, state }) => `${name} ${state}`)).toEqual([
      "cluster there",
      "istio there",
      "knative there",
      "networking there",
      "domain there",
      "sidecars there",
      "images there",
    ]);
    expect(cluster.writes).toEqual([]);
    expect(programs.calls).toEqual([]);
  });

  test("names all programs that an empty cluster takes at once, and changes nothing", async () => {
    const { platform, cluster } = fakePlatform({
      cluster: new FakeCluster("prod", [{ ...node, status: {} }]),
    });
    const attempt = runSteps(steps, platform);
    for (const part of ["istioctl is missing", "Images have to be built", "docker", "buildah"])
      await expect(attempt).rejects.toThrow(part);
    expect(cluster.writes).toEqual([]);
  });

  test("needs minikube and istioctl if there is no cluster, but no builder", async () => {
    const { platform } = fakePlatform({
      connect: () => {
        throw new NoCluster("none");
      },
    });
    const attempt = runSteps(steps, platform);
    await expect(attempt).rejects.toThrow(/^minikube is missing.*\nistioctl is missing.*$/);
  });
});
