import type { Deployment } from "../../manifests/kinds/deployment.ts";
import type { KubernetesService } from "../../manifests/kinds/kubernetes-service.ts";
import { type Problem, problemAt } from "../../manifests/problem.ts";
import type { Resources, Sourced } from "../../manifests/resources.ts";
import { fullHost } from "../hosts.ts";
import { hasAll, type Labels } from "../pods.ts";
import type { PodHost, Pods, Revision, ServicePlan, TrafficTarget } from "./service-plan.ts";

/** The objects from which Deployments behind Services are planned. */
type Objects = Pick<Resources, "kubernetesServices" | "deployments" | "destinationRules" | "virtualServices">;

/** A Service with a selector, and the Deployments of its namespace that it selects. */
interface Selecting {
  source: Sourced<KubernetesService>;
  name: string;
  namespace: string;
  deployments: Sourced<Deployment>[];
}

/**
 * Reads Kubernetes Services and the Deployments behind them. A Deployment belongs to the Service that selects the
 * most Deployments; the Services of single versions become further hosts of that one. The Service of a version has
 * another Service's name as prefix, and a VirtualService for that other host sends requests to it.
 */
export function planDeployments(objects: Objects): { services: ServicePlan[]; problems: Problem[] } {
  const selecting = objects.kubernetesServices.flatMap((source) => selectingIn(source, objects.deployments));
  const withVersions = selecting.map((service) => {
    const versions = selecting.filter((other) => isVersion(other, service, objects.virtualServices));
    const all = new Set([service, ...versions].flatMap(({ deployments }) => deployments));
    return { service, versions, all };
  });
  const owners = new Map<Sourced<Deployment>, Selecting>();
  for (const deployment of objects.deployments) {
    const [owner] = withVersions
      .filter(({ all }) => all.has(deployment))
      .sort((a, b) => b.all.size - a.all.size);
    if (owner !== undefined) owners.set(deployment, owner.service);
  }
  const isOwner = new Set(owners.values());
  const problems: Problem[] = [];
  const services = selecting.flatMap((service): ServicePlan[] => {
    const [first] = service.deployments;
    // A Service for pods of another is a host of that other; one without pods is a host without backends.
    if (first !== undefined && !isOwner.has(service)) return [];
    if (first === undefined) problems.push(withoutPods(service));
    const own = objects.deployments.filter((deployment) => owners.get(deployment) === service);
    const further = selecting.filter(
      (other) => !isOwner.has(other) && other.deployments.some((each) => owners.get(each) === service),
    );
    return [planOf(service, own, further, objects)];
  });
  return { services, problems };
}

function selectingIn(
  source: Sourced<KubernetesService>,
  deployments: readonly Sourced<Deployment>[],
): Selecting[] {
  const { metadata, spec } = source.value;
  const { name, namespace = "default" } = metadata;
  const { selector } = spec;
  if (selector === undefined || Object.keys(selector).length === 0) return [];
  const own = deployments.filter(
    ({ value }) => (value.metadata.namespace ?? "default") === namespace && hasAll(labelsOf(value), selector),
  );
  return [{ source, name, namespace, deployments: own }];
}

function isVersion(
  other: Selecting,
  { name, namespace }: Selecting,
  virtualServices: Objects["virtualServices"],
): boolean {
  if (other.namespace !== namespace || !other.name.startsWith(`${name}-`)) return false;
  return virtualServices.some(({ value }) => {
    const within = value.metadata.namespace ?? "default";
    const is = (host: string, service: string): boolean =>
      fullHost(host, within) === fullHost(service, namespace);
    return (
      value.spec.hosts.some((host) => is(host, name)) &&
      value.spec.http.some(({ route = [] }) =>
        route.some(({ destination }) => is(destination.host, other.name)),
      )
    );
  });
}

function planOf(
  service: Selecting,
  own: readonly Sourced<Deployment>[],
  further: readonly Selecting[],
  { destinationRules }: Objects,
): ServicePlan {
  const { name, namespace, source } = service;
  const at = source.document.at(["metadata", "name"]);
  const podHosts = [service, ...further].map(podHostOf);
  const subsets = destinationRules
    .filter(
      ({ value }) =>
        fullHost(value.spec.host, value.metadata.namespace ?? "default") === fullHost(name, namespace),
    )
    .flatMap(({ value }) => value.spec.subsets ?? [])
    .map((subset) => ({
      name: subset.name,
      pods: service.deployments.filter(({ value }) => hasAll(labelsOf(value), subset.labels ?? {})),
    }));
  // As on a cluster, Services of versions apply if there are no subsets.
  const named = subsets.length > 0 ? subsets : further.map(({ name, deployments: pods }) => ({ name, pods }));
  const replicas = own.map(({ value }) => value.spec.replicas ?? 1);
  const total = replicas.reduce((sum, count) => sum + count, 0);
  const traffic = own.flatMap((deployment, i): TrafficTarget[] => {
    const revision = deployment.value.metadata.name;
    const tags = named.filter(({ pods }) => pods.length === 1 && pods[0] === deployment);
    const names = new Set(tags.map((tag) => tag.name).filter((tag) => tag !== revision));
    const percent = total === 0 ? 0 : (100 * (replicas[i] ?? 0)) / total;
    const target = { revision, latest: false, at };
    return names.size === 0
      ? [{ ...target, tag: undefined, percent }]
      : [...names].map((tag, j) => ({ ...target, tag, percent: j === 0 ? percent : 0 }));
  });
  const revisions = own.map((deployment) => revisionOf(deployment, service));
  return { name, namespace, visibility: "cluster-local", revisions, traffic, at, podHosts };
}

function podHostOf({ name, namespace, source, deployments }: Selecting): PodHost {
  return {
    name,
    ports: (source.value.spec.ports ?? []).map(({ port }) => port),
    pods: deployments.map(({ value }): Pods => ({
      revision: `${namespace}/${value.metadata.name}`,
      labels: labelsOf(value),
      replicas: value.spec.replicas ?? 1,
    })),
    at: source.document.at(["metadata", "name"]),
  };
}

/** Returns a Deployment in the form of a revision. */
function revisionOf({ value, document }: Sourced<Deployment>, service: Selecting): Revision {
  const { replicas = 1, template } = value.spec;
  const containers = template.spec.containers.map(({ image, env, readinessProbe }) => ({
    image,
    ...(env === undefined ? {} : { env }),
    ...(readinessProbe === undefined
      ? {}
      : { readinessProbe: { httpGet: { path: readinessProbe.httpGet.path } } }),
  }));
  return {
    name: value.metadata.name,
    namespace: service.namespace,
    service: service.name,
    template: { metadata: { labels: labelsOf(value) }, spec: { containers } },
    replicas,
    at: document.at(["metadata", "name"]),
  };
}

function withoutPods({ source, name }: Selecting): Problem {
  const labels = Object.entries(source.value.spec.selector ?? {}).map(([key, value]) => `${key}=${value}`);
  return problemAt("service-without-pods", source.document, ["spec", "selector"], {
    message: `no Deployment has pods with the labels ${labels.join(", ")}, so requests to ${name} are answered 503`,
    fix: "add the Deployment, or correct the labels",
  });
}

function labelsOf({ spec }: Deployment): Labels {
  return spec.template.metadata?.labels ?? {};
}
