import type { DestinationRule } from "../../manifests/kinds/istio-destination-rule.ts";
import type { Problem } from "../../manifests/problem.ts";
import type { Sourced } from "../../manifests/resources.ts";
import { didYouMean, suggestion } from "../../nearest.ts";
import type { WeightedBackend } from "../../route-fields/field-family.ts";
import { CLUSTER_DOMAIN, fullHost, hostAdvice, knativeHostNames } from "../hosts.ts";
import { hasAll, type Labels, podBackends } from "../pods.ts";
import type { Pods, Revision, ServicePlan } from "../compile/service-plan.ts";
import type { Backend } from "../table.ts";
import { reporter } from "./report.ts";

/** The subsets that DestinationRules define for hosts. */
export interface Subsets {
  /** Returns the revisions of a subset, at least one; or the error in its name. */
  find(
    host: string,
    subset: string,
  ): readonly WeightedBackend[] | { message: string; fix: string; near: string | undefined };
  /** Returns the Deployments behind the host of a Kubernetes Service, and its ports; undefined for other hosts. */
  service(host: string): { backends: readonly WeightedBackend[]; ports: readonly number[] } | undefined;
}

/** The pods behind a host, from which labels select. */
interface PodsOfHost {
  /** The name of the Service, and the kind of its pods' owner in messages. */
  name: string;
  namespace: string;
  pods: readonly Pods[];
  /** The ports of a Kubernetes Service; undefined for a host of Knative. */
  ports: readonly number[] | undefined;
  /** Whether a cluster has the same pods behind the host. */
  onCluster: boolean;
}

/** Reads the subsets of hosts: the revisions whose pods have the labels. */
export function readSubsets(
  sources: readonly Sourced<DestinationRule>[],
  services: readonly ServicePlan[],
  hosts: ReadonlyMap<string, Backend>,
  problems: Problem[],
): Subsets {
  const pods = podsByHost(services);
  const known = new Map<string, Map<string, readonly WeightedBackend[]>>();
  for (const { value, document } of sources) {
    const report = reporter(document, problems);
    const { host: written, subsets = [] } = value.spec;
    const host = fullHost(written, value.metadata.namespace ?? "default");
    const behind = pods.get(host);
    if (behind === undefined) {
      const isThere = hosts.has(host) && host.endsWith(`.${CLUSTER_DOMAIN}`);
      if (isThere)
        report("subset-host", ["spec", "host"], `${host} has no revisions`, "name the Service of a revision");
      else {
        const { fix, near } = hostAdvice(host, hosts);
        report("known-host", ["spec", "host"], `there is no host ${host}`, fix, { name: host, near });
      }
      continue;
    }
    if (!behind.onCluster && subsets.length > 0) {
      const names = behind.pods.map(({ revision }) => revision.split("/")[1]).join(", ");
      const message = `on a cluster ${written} leads to Knative's gateway, where no pod has these labels`;
      report("gateway-subset", ["spec", "host"], message, `there name the Service of a revision: ${names}`);
    }
    const ofHost = known.get(host) ?? new Map<string, readonly WeightedBackend[]>();
    known.set(host, ofHost);
    for (const [i, { name, labels = {} }] of subsets.entries()) {
      const path = ["spec", "subsets", i];
      if (ofHost.has(name))
        report(
          "subset-twice",
          [...path, "name"],
          `${host} has a subset ${name} already`,
          "choose another name",
        );
      const found = behind.pods.filter((pods) => hasAll(pods.labels, labels));
      if (found.length === 0 && behind.ports === undefined)
        report(
          "subset-labels",
          [...path, "labels"],
          "no revision has these labels",
          advice(behind.pods, labels),
        );
      else if (found.length === 0)
        report(
          "subset-without-pods",
          [...path, "labels"],
          withoutPods(behind.name),
          behind.pods.length === 0 ? "add the Deployment" : advice(behind.pods, labels),
        );
      ofHost.set(name, podBackends(found, behind.namespace, behind.name, name));
    }
  }
  return {
    find(host, subset) {
      const names = [...(known.get(host)?.keys() ?? [])];
      const backends = known.get(host)?.get(subset);
      if (backends !== undefined) return backends;
      const message = `${host} has no subset ${subset}`;
      if (names.length > 0) return { message, ...suggestion(subset, names) };
      return { message, fix: "add a DestinationRule for the host that has it", near: undefined };
    },
    service(host) {
      const behind = pods.get(host);
      if (behind?.ports === undefined) return undefined;
      return { backends: podBackends(behind.pods, behind.namespace, behind.name), ports: behind.ports };
    },
  };
}

/** Describes requests to a subset of a Kubernetes Service that selects no pods. */
export function withoutPods(service: string): string {
  return `no Deployment behind ${service} has these labels, so requests to the subset are answered 503`;
}

function podsByHost(services: readonly ServicePlan[]): Map<string, PodsOfHost> {
  const hosts = new Map<string, PodsOfHost>();
  for (const service of services) {
    const { namespace, revisions, podHosts } = service;
    for (const { name, pods, ports } of podHosts ?? [])
      hosts.set(fullHost(name, namespace), { name, namespace, pods, ports, onCluster: true });
    if (podHosts !== undefined) continue;
    const all = revisions.map(podsOf);
    for (const name of knativeHostNames(service))
      hosts.set(fullHost(name, namespace), {
        name,
        namespace,
        pods: all,
        ports: undefined,
        onCluster: false,
      });
    for (const [i, { name }] of revisions.entries()) {
      const pods = all.slice(i, i + 1);
      hosts.set(fullHost(name, namespace), { name, namespace, pods, ports: undefined, onCluster: true });
    }
  }
  return hosts;
}

/** Returns the pods of a revision. All revisions count the same, since their number of pods depends on the load. */
function podsOf(revision: Revision): Pods {
  return {
    revision: `${revision.namespace}/${revision.name}`,
    labels: podLabels(revision),
    replicas: 1,
  };
}

/**
 * Returns the known labels of a revision's pods: those of its template, and those that Knative and Istio add.
 * (serving, pkg/reconciler/revision/resources/meta.go and pkg/reconciler/configuration/resources/revision.go)
 */
function podLabels({ name, service, template }: Revision): Readonly<Record<string, string>> {
  return {
    app: name,
    ...template.metadata?.labels,
    "serving.knative.dev/configuration": service,
    "serving.knative.dev/service": service,
    "serving.knative.dev/revision": name,
    "service.istio.io/canonical-name": service,
    "service.istio.io/canonical-revision": name,
  };
}

/** Advises the existing label nearest to the wanted one. */
export function advice(all: readonly Pick<Pods, "labels">[], wanted: Labels): string {
  const keys = [...new Set(all.flatMap(({ labels }) => Object.keys(labels)))];
  for (const [key, value] of Object.entries(wanted)) {
    const values = [...new Set(all.flatMap(({ labels }) => labels[key] ?? []))];
    if (values.length === 0) return `${key} is on none of them: ${didYouMean(key, keys)}`;
    if (!values.includes(value)) return `${key}: ${didYouMean(value, values)}`;
  }
  return "none of them has all";
}
