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

/** A revision of a Kubernetes Service, with the labels of its pods. */
interface Deployed {
  name: string;
  labels: Readonly<Record<string, string>>;
}

/** The rights to read the objects behind such revisions. */
export const READ_DEPLOYED: readonly PolicyRule[] = [
  { apiGroups: ["networking.istio.io"], resources: ["destinationrules"], verbs: ["list"] },
  { apiGroups: [""], resources: ["services"], verbs: ["get", "list"] },
  { apiGroups: ["apps"], resources: ["deployments"], verbs: ["list"] },
];

/**
 * Returns a Kubernetes Service whose revisions are the subsets that DestinationRules define for its host, or without
 * any, the Services of versions: `checkout-v2` is one of `checkout`. Undefined if there are neither.
 */
export async function deployedService(
  kube: Kube,
  namespace: string,
  name: string,
): Promise<WeightedService | undefined> {
  const tags = new Map<string, string>();
  const subsets = await subsetsOf(kube, namespace, name);
  if (subsets.length > 0)
    return { name, namespace, revisions: subsets.map(nameOf), tags, revisionsAre: "subsets" };
  const services = (await selectorsIn(kube, namespace)).filter((each) => isVersionOf(each, name));
  return services.length === 0
    ? undefined
    : { name, namespace, revisions: services.map(nameOf), tags, revisionsAre: "services" };
}

/** Whether a VirtualService is for the host of the service. */
export function isForHost(
  { spec }: { spec: { hosts?: readonly string[] | undefined } },
  { name, namespace }: WeightedService,
): boolean {
  return (spec.hosts ?? []).some((host) => fullHost(host, namespace) === fullHost(name, namespace));
}

/**
 * Returns the revisions of a Kubernetes Service, subsets in the order of their DestinationRule. A revision is ready
 * if Deployments have its labels and all of them are ready.
 */
export async function readDeployedRevisions(
  kube: Kube,
  { name, namespace, revisionsAre }: WeightedService,
): Promise<RevisionState[]> {
  const [services, subsets, deployments] = await Promise.all([
    selectorsIn(kube, namespace),
    subsetsOf(kube, namespace, name),
    deploymentsIn(kube, namespace),
  ]);
  const service = services.find((each) => each.name === name);
  if (revisionsAre === "subsets" && service === undefined) {
    const reason = `there is no Service ${name} with a selector in ${namespace}`;
    return subsets.map((subset) => ({ name: subset.name, ready: false, reason }));
  }
  // The pods of a subset have the Service's labels besides its own.
  const revisions =
    revisionsAre === "services"
      ? services.filter((each) => isVersionOf(each, name))
      : subsets.map((subset) => ({ ...subset, labels: { ...service?.labels, ...subset.labels } }));
  return Promise.all(
    revisions.map(async (revision): Promise<RevisionState> => {
      const reason = await unready(kube, revision.labels, deployments);
      return { name: revision.name, ready: reason === undefined, reason };
    }),
  );
}

/** Returns why the Deployments whose pods have the labels cannot serve requests; undefined if they can. */
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

/** Returns the subsets of a host, with the labels from DestinationRules. */
async function subsetsOf(kube: Kube, namespace: string, name: string): Promise<Deployed[]> {
  const { items } = await kube.list(DESTINATION_RULE, { namespace });
  const host = fullHost(name, namespace);
  const rules = checked(LiveDestinationRule, items).filter(
    ({ spec }) => fullHost(spec.host, namespace) === host,
  );
  const subsets = rules.flatMap(({ spec }) => spec.subsets ?? []);
  return subsets.map((subset) => ({ name: subset.name, labels: subset.labels ?? {} }));
}

/** The Services of a namespace that select pods, with their selectors. */
async function selectorsIn(kube: Kube, namespace: string): Promise<Deployed[]> {
  const { items } = await kube.list(SERVICE, { namespace });
  return checked(LiveKubernetesService, items).flatMap(({ metadata, spec }) =>
    spec.selector === undefined ? [] : [{ name: metadata.name, labels: spec.selector }],
  );
}

function isVersionOf(service: Deployed, name: string): boolean {
  return service.name.startsWith(`${name}-`);
}

function nameOf({ name }: Deployed): string {
  return name;
}
