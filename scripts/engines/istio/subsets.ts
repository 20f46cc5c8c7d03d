import Type from "typebox";
import type { Kube } from "../../cluster/kube/client.ts";
import { KubeObject } from "../../cluster/kube/kube-object.ts";
import { deploymentsIn, type LiveDeployment, notReady } from "../../cluster/platform/deployments.ts";
import type { PolicyRule } from "../../cluster/rbac.ts";
import { checked } from "../../cluster/workload/follow.ts";
import { apiKind } from "../../manifests/kinds/registry.ts";
import { fullHost } from "../../traffic/hosts.ts";
import type { RevisionState } from "../../traffic/split/split.ts";
import type { WeightedService } from "../../traffic/split/weights.ts";

const DESTINATION_RULE = apiKind("destinationRules");
const SERVICE = { apiVersion: "v1", kind: "Service" } as const;

const Labels = Type.Optional(Type.Record(Type.String(), Type.String()));

/** A DestinationRule, as far as is read here. */
const LiveDestinationRule = Type.Intersect([
  KubeObject,
  Type.Object({
    spec: Type.Object({
      host: Type.String(),
      subsets: Type.Optional(Type.Array(Type.Object({ name: Type.String(), labels: Labels }))),
    }),
  }),
]);

/** A Kubernetes Service, as far as is read here. */
const LiveKubernetesService = Type.Intersect([
  KubeObject,
  Type.Object({ spec: Type.Object({ selector: Labels }) }),
]);

/** A subset, with the labels of its pods. */
interface Subset {
  name: string;
  labels: Readonly<Record<string, string>>;
}

/** The rights to read what subsets are made of. */
export const READ_SUBSETS: readonly PolicyRule[] = [
  { apiGroups: ["networking.istio.io"], resources: ["destinationrules"], verbs: ["list"] },
  { apiGroups: [""], resources: ["services"], verbs: ["get", "list"] },
  { apiGroups: ["apps"], resources: ["deployments"], verbs: ["list"] },
];

/** A Kubernetes Service whose revisions are subsets; undefined where no DestinationRule of its host names one. */
export async function subsetService(
  kube: Kube,
  namespace: string,
  name: string,
): Promise<WeightedService | undefined> {
  const subsets = (await subsetsOf(kube, namespace, name)).map((subset) => subset.name);
  return subsets.length === 0
    ? undefined
    : { name, namespace, revisions: subsets, tags: new Map<string, string>(), subsets };
}

/**
 * The subsets of a Kubernetes Service as revisions, in the order of the DestinationRule. A subset is ready when a
 * Deployment has its labels and the Service's, and each such Deployment is ready.
 */
export async function readSubsetRevisions(
  kube: Kube,
  namespace: string,
  name: string,
): Promise<RevisionState[]> {
  const [subsets, deployments, services] = await Promise.all([
    subsetsOf(kube, namespace, name),
    deploymentsIn(kube, namespace),
    kube.list(SERVICE, { namespace }),
  ]);
  const service = checked(LiveKubernetesService, services.items).find(
    ({ metadata }) => metadata.name === name,
  );
  return Promise.all(
    subsets.map(async (subset): Promise<RevisionState> => {
      const reason =
        service === undefined
          ? `there is no Service ${name} in ${namespace}`
          : await unready(kube, { ...service.spec.selector, ...subset.labels }, deployments);
      return { name: subset.name, ready: reason === undefined, reason };
    }),
  );
}

/** Why the Deployments whose pods have the labels cannot take requests; undefined where they can. */
async function unready(
  kube: Kube,
  labels: Readonly<Record<string, string>>,
  deployments: readonly LiveDeployment[],
): Promise<string | undefined> {
  const own = deployments.filter(({ spec }) => {
    const has = spec.template.metadata?.labels ?? {};
    return Object.entries(labels).every(([key, value]) => has[key] === value);
  });
  const running = own.filter(({ spec }) => spec.replicas !== 0);
  if (running.length > 0) return notReady(kube, running);
  const [stopped] = own;
  if (stopped !== undefined) return `Deployment ${stopped.metadata.name} has 0 replicas`;
  const wanted = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return `no Deployment has pods with the labels ${wanted.join(", ")}`;
}

async function subsetsOf(kube: Kube, namespace: string, name: string): Promise<Subset[]> {
  const { items } = await kube.list(DESTINATION_RULE, { namespace });
  const host = fullHost(name, namespace);
  const rules = checked(LiveDestinationRule, items).filter(
    ({ spec }) => fullHost(spec.host, namespace) === host,
  );
  const subsets = rules.flatMap(({ spec }) => spec.subsets ?? []);
  return subsets.map((subset) => ({ name: subset.name, labels: subset.labels ?? {} }));
}
