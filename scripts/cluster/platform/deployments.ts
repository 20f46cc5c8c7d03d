import Type, { type Static } from "typebox";
import { Check } from "typebox/schema";
import type { Kube } from "../kube/client.ts";
import { KubeObject } from "../kube/kube-object.ts";
import { Condition, LivePod } from "../workload/live-objects.ts";

export const DEPLOYMENT = { apiVersion: "apps/v1", kind: "Deployment" } as const;
const POD = { apiVersion: "v1", kind: "Pod" } as const;

const Count = Type.Optional(Type.Integer());
const Labels = Type.Optional(Type.Record(Type.String(), Type.String()));

/** A Deployment, as far as is read here. */
export const LiveDeployment = Type.Intersect([
  KubeObject,
  Type.Object({
    spec: Type.Object({
      replicas: Count,
      selector: Type.Object({ matchLabels: Labels }),
      template: Type.Object({
        metadata: Type.Optional(Type.Object({ labels: Labels, annotations: Labels })),
        spec: Type.Object({
          containers: Type.Array(Type.Object({ name: Type.String(), image: Type.Optional(Type.String()) })),
        }),
      }),
    }),
    status: Type.Optional(
      Type.Object({
        observedGeneration: Count,
        replicas: Count,
        updatedReplicas: Count,
        availableReplicas: Count,
        conditions: Type.Optional(Type.Array(Condition)),
      }),
    ),
  }),
]);
export type LiveDeployment = Static<typeof LiveDeployment>;

/** The deployments of a namespace. */
export async function deploymentsIn(
  kube: Kube,
  namespace: string | undefined,
  labelSelector?: string,
): Promise<LiveDeployment[]> {
  const { items } = await kube.list(DEPLOYMENT, { namespace, labelSelector });
  return items.filter((item): item is KubeObject & LiveDeployment => Check(LiveDeployment, item));
}

/**
 * Returns why the first deployment that is not ready is not, with the reason of its pods; undefined if all are ready.
 */
export async function notReady(
  kube: Kube,
  deployments: readonly LiveDeployment[],
): Promise<string | undefined> {
  for (const deployment of deployments) {
    const counts = progress(deployment);
    if (counts === undefined) continue;
    const { name, namespace } = deployment.metadata;
    const labels = Object.entries(deployment.spec.selector.matchLabels ?? {});
    const labelSelector = labels.map(([key, value]) => `${key}=${value}`).join(",");
    const { items } = await kube.list(POD, { namespace, labelSelector });
    const trouble = items.map(troubleOf).find((found) => found !== undefined);
    return `${name}: ${trouble ?? refusal(deployment) ?? counts}`;
  }
  return undefined;
}

/** Returns the progress of a deployment's rollout; undefined if it is complete. */
function progress({ metadata, spec, status = {} }: LiveDeployment): string | undefined {
  const { replicas: wanted = 1 } = spec;
  const { observedGeneration = 0, replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status;
  if (observedGeneration < (metadata.generation ?? 0)) return "not begun yet";
  if (updatedReplicas < wanted) return `${updatedReplicas} of ${wanted} pods are of the new kind`;
  if (replicas > updatedReplicas) return "pods of before are ending";
  if (availableReplicas < wanted) return `${availableReplicas} of ${wanted} pods are ready`;
  return undefined;
}

/** Why pods cannot be created, such as a quota or a webhook that does not answer. */
function refusal({ status }: LiveDeployment): string | undefined {
  const failure = status?.conditions?.find(({ type }) => type === "ReplicaFailure");
  return failure?.status === "True"
    ? `no pod can be created: ${failure.message ?? failure.reason}`
    : undefined;
}

/** Returns why a pod does not run, if that is unlikely to resolve itself. */
function troubleOf(pod: KubeObject): string | undefined {
  if (!Check(LivePod, pod) || pod.metadata.deletionTimestamp !== undefined) return undefined;
  const { conditions = [], initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {};
  for (const { name, state, lastState } of [...initContainerStatuses, ...containerStatuses]) {
    const { reason, message } = state?.waiting ?? {};
    if (reason === undefined || reason === "ContainerCreating" || reason === "PodInitializing") continue;
    const code = lastState?.terminated?.exitCode;
    const why = reason === "CrashLoopBackOff" && code !== undefined ? `it ended with code ${code}` : message;
    return `${reason} in container ${name}${why === undefined ? "" : `: ${why}`}`;
  }
  const scheduled = conditions.find(({ type }) => type === "PodScheduled");
  return scheduled?.status === "False"
    ? `no node takes the pod: ${scheduled.message ?? "no reason is given"}`
    : undefined;
}
