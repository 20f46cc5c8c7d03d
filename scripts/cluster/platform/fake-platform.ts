import type { KubeObject } from "../kube/kube-object.ts";
import { FakeCluster } from "../testing/fake-cluster.ts";
import { type Answer, FakePrograms } from "../testing/fake-programs.ts";
import { PlatformContext, type PlatformContextOptions } from "./platform-context.ts";
import type { Report } from "./step.ts";

/** A platform on a fake cluster, and the messages of its steps. */
export interface FakePlatform {
  platform: PlatformContext;
  cluster: FakeCluster;
  programs: FakePrograms;
  told: string[];
  report: Report;
}

export interface FakePlatformOptions extends Partial<Omit<PlatformContextOptions, "programs">> {
  cluster?: FakeCluster;
  programs?: Readonly<Record<string, Answer | (() => Answer)>>;
}

/** A platform that waits for nothing long and touches nothing of this machine. */
export function fakePlatform({
  cluster = new FakeCluster(),
  programs = {},
  ...options
}: FakePlatformOptions = {}): FakePlatform {
  const fake = new FakePrograms(programs);
  const told: string[] = [];
  const platform = new PlatformContext({
    connect: () => cluster,
    context: undefined,
    signal: new AbortController().signal,
    timeoutMs: 300,
    pollMs: 1,
    cacheDir: "/nonexistent",
    env: {},
    ...options,
    programs: fake,
  });
  return {
    platform,
    cluster,
    programs: fake,
    told,
    report: (detail, passing = "") => told.push(`${detail} ${passing}`.trim()),
  };
}

interface DeploymentOptions {
  labels?: Record<string, string>;
  image?: string;
  container?: string;
  /** Labels of its pods besides `app`. */
  podLabels?: Record<string, string>;
  ready?: boolean;
}

/** A deployment as the cluster has it. */
export function deployment(namespace: string, name: string, options: DeploymentOptions = {}): KubeObject {
  const { labels = {}, image = "i", container = name, podLabels = {}, ready = true } = options;
  const count = ready ? 1 : 0;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace, labels, generation: 1 },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name, ...podLabels } },
        spec: { containers: [{ name: container, image }] },
      },
    },
    status: { observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: count },
  };
}

/** A pod of a deployment. */
export function podOf(
  namespace: string,
  app: string,
  containers: readonly string[] = ["main"],
  more: object = {},
): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `${app}-1`, namespace, labels: { app } },
    spec: { containers: containers.map((name) => ({ name })) },
    ...more,
  };
}

/** The definition of a kind, established. */
export function definition(
  plural: string,
  group: string,
  kind: string,
  version = "v1",
  scope = "Namespaced",
): KubeObject {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}` },
    spec: { group, names: { kind, plural }, scope, versions: [{ name: version }] },
    status: { conditions: [{ type: "Established", status: "True" }] },
  };
}

export function namespace(name: string, labels: Record<string, string> = {}): KubeObject {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
}

/** A ConfigMap. */
export function config(namespace: string, name: string, data: Record<string, string>): KubeObject {
  const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace }, data };
  return object;
}

/** A working Istio. */
export function istioObjects(tag = "1.30.0"): KubeObject[] {
  return [
    namespace("istio-system"),
    definition("virtualservices", "networking.istio.io", "VirtualService"),
    definition("gateways", "networking.istio.io", "Gateway"),
    deployment("istio-system", "istiod", {
      labels: { app: "istiod" },
      container: "discovery",
      image: `docker.io/istio/pilot:${tag}`,
    }),
    deployment("istio-system", "istio-ingressgateway", { labels: { istio: "ingressgateway" } }),
  ];
}

/** A working Knative Serving, without a networking layer. */
export function knativeObjects(version = "1.15.2"): KubeObject[] {
  const labels = { "app.kubernetes.io/version": version };
  return [
    namespace("knative-serving"),
    definition("services", "serving.knative.dev", "Service"),
    definition("ingresses", "networking.internal.knative.dev", "Ingress", "v1alpha1"),
    ...["activator", "autoscaler", "controller", "webhook"].map((name) =>
      deployment("knative-serving", name, { labels }),
    ),
    config("knative-serving", "config-network", { _example: "" }),
    config("knative-serving", "config-domain", { _example: "" }),
  ];
}

/** Returns the objects of the networking layer, without its controllers. */
export function networkingObjects(): KubeObject[] {
  const gateway = { apiVersion: "networking.istio.io/v1", kind: "Gateway" };
  return [
    { ...gateway, metadata: { name: "knative-ingress-gateway", namespace: "knative-serving" } },
    { ...gateway, metadata: { name: "knative-local-gateway", namespace: "knative-serving" } },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "knative-local-gateway", namespace: "istio-system" },
    },
  ];
}

/** Plays the controllers: deployments become ready at once. */
export function becomeReady(cluster: FakeCluster): void {
  cluster.react = (object) => {
    if (object?.kind !== "Deployment" || object["status"] !== undefined) return;
    const { name, namespace: where = "" } = object.metadata;
    cluster.put({ ...deployment(where, name), ...object, status: deployment(where, name)["status"] });
  };
}
