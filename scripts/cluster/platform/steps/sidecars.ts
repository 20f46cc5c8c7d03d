import Type from "typebox";
import { Check } from "typebox/schema";
import type { Kube } from "../../kube/client.ts";
import type { KubeObject } from "../../kube/kube-object.ts";
import { DEPLOYMENT, deploymentsIn, type LiveDeployment, notReady } from "../deployments.ts";
import { completeStep, forgetStep, recordStep } from "../ledger.ts";
import { MANAGER } from "../../ownership.ts";
import type { PlatformContext } from "../platform-context.ts";
import type { Inspection, Step, Report } from "../step.ts";
import { until } from "../wait-until.ts";
import { SERVING } from "./knative.ts";

export const SIDECARS = "sidecars";
const NAMESPACE = { apiVersion: "v1", kind: "Namespace", name: SERVING } as const;
const INJECTION = "istio-injection";
const OPT_OUT = "sidecar.istio.io/inject";

const Containers = Type.Array(Type.Object({ name: Type.String() }));
const WithContainers = Type.Object({
  spec: Type.Object({ containers: Containers, initContainers: Type.Optional(Containers) }),
});

/**
 * Adds sidecars to Knative's own pods. Without one the activator cannot use mutual TLS, and a strict mesh refuses it.
 */
export const sidecarStep: Step = { name: SIDECARS, title: "Knative's sidecars", inspect, run };

async function inspect(platform: PlatformContext): Promise<Inspection> {
  const kube = platform.kube();
  const namespace = await kube.get(NAMESPACE);
  if (namespace === undefined) return { done: false, detail: "Knative is not installed yet" };
  const { labels = {} } = namespace.metadata;
  if (labels[INJECTION] === "disabled")
    return {
      done: true,
      detail: "switched off",
      warnings: [
        `the namespace ${SERVING} has ${INJECTION}=disabled, so a strict mesh refuses the activator`,
      ],
    };
  if (labels[INJECTION] !== "enabled" && labels["istio.io/rev"] === undefined)
    return { done: false, detail: `the namespace ${SERVING} does not have the injection label` };
  const without = await withoutSidecar(kube);
  return without.length === 0
    ? { done: true, detail: "beside each pod" }
    : { done: false, detail: `none in ${without.map(({ metadata }) => metadata.name).join(", ")}` };
}

async function run(platform: PlatformContext, report: Report): Promise<string> {
  const kube = platform.kube();
  const labels = (await kube.get(NAMESPACE))?.metadata.labels ?? {};
  if (labels[INJECTION] === undefined && labels["istio.io/rev"] === undefined) {
    await recordStep(kube, SIDECARS, { before: { [INJECTION]: null } });
    await kube.patch(
      NAMESPACE,
      { metadata: { labels: { [INJECTION]: "enabled" } } },
      { fieldManager: MANAGER },
    );
  }
  const without = await withoutSidecar(kube);
  report(`restarting ${without.map(({ metadata }) => metadata.name).join(", ")}`);
  await restart(kube, without);
  await until("Knative Serving with sidecars", platform, report, async () => {
    const reason = await notReady(platform.kube(), await deploymentsIn(platform.kube(), SERVING));
    if (reason !== undefined) return reason;
    const { done, detail } = await inspect(platform);
    return done ? undefined : detail;
  });
  await completeStep(platform.kube(), SIDECARS);
  return "beside each pod";
}

/** Removes the label that `up` has set, and with it the sidecars. */
export async function removeSidecars(platform: PlatformContext, report: Report): Promise<string> {
  const kube = platform.kube();
  if ((await kube.get(NAMESPACE)) !== undefined) {
    const patch = { metadata: { labels: { [INJECTION]: null } } };
    await kube.patch(NAMESPACE, patch, { fieldManager: MANAGER });
    await restart(kube, (await deploymentsIn(kube, SERVING)).filter(takesSidecar));
    await until("Knative Serving without sidecars", platform, report, async () =>
      notReady(platform.kube(), await deploymentsIn(platform.kube(), SERVING)),
    );
  }
  await forgetStep(kube, SIDECARS);
  return "removed";
}

/** The deployments that have a running pod without a sidecar, and do not opt out. */
async function withoutSidecar(kube: Kube): Promise<LiveDeployment[]> {
  const [deployments, pods] = await Promise.all([
    deploymentsIn(kube, SERVING),
    kube.list({ apiVersion: "v1", kind: "Pod" }, { namespace: SERVING }),
  ]);
  return deployments.filter(takesSidecar).filter(({ spec }) => {
    const labels = Object.entries(spec.selector.matchLabels ?? {});
    const own = pods.items.filter(
      ({ metadata }) =>
        metadata.deletionTimestamp === undefined &&
        labels.every(([name, value]) => metadata.labels?.[name] === value),
    );
    return own.some((pod) => !hasSidecar(pod));
  });
}

function takesSidecar({ spec }: LiveDeployment): boolean {
  const { labels, annotations } = spec.template.metadata ?? {};
  return (labels?.[OPT_OUT] ?? annotations?.[OPT_OUT]) !== "false";
}

function hasSidecar(pod: KubeObject): boolean {
  if (!Check(WithContainers, pod)) return false;
  // With native sidecars (Kubernetes 1.29) Istio adds it as an init container.
  return [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].some(
    ({ name }) => name === "istio-proxy",
  );
}

/** As `kubectl rollout restart` does it. */
async function restart(kube: Kube, deployments: readonly LiveDeployment[]): Promise<void> {
  const annotations = { "kubectl.kubernetes.io/restartedAt": new Date().toISOString() };
  for (const { metadata } of deployments) {
    const ref = { ...DEPLOYMENT, name: metadata.name, namespace: metadata.namespace };
    await kube.patch(ref, { spec: { template: { metadata: { annotations } } } }, { fieldManager: MANAGER });
  }
}
