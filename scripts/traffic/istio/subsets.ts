import type { DestinationRule } from "../../manifests/kinds/istio-destination-rule.ts";
import type { Problem } from "../../manifests/problem.ts";
import type { Sourced } from "../../manifests/resources.ts";
import { didYouMean, suggestion } from "../../nearest.ts";
import { CLUSTER_DOMAIN, fullHost, hostAdvice, knativeHostNames } from "../hosts.ts";
import type { ServicePlan, Revision } from "../compile/service-plan.ts";
import type { Backend } from "../table.ts";
import { reporter } from "./report.ts";

/** The subsets that DestinationRules make of hosts. */
export interface Subsets {
  /** The revisions of a subset, at least one; or the error in its name. */
  find(
    host: string,
    subset: string,
  ): readonly Backend[] | { message: string; fix: string; near: string | undefined };
}

/** The revisions behind a host, which labels select from. */
interface Pods {
  revisions: readonly Revision[];
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
  const known = new Map<string, Map<string, readonly Backend[]>>();
  for (const { value, document } of sources) {
    const report = reporter(document, problems);
    const { host: written, subsets = [] } = value.spec;
    const host = fullHost(written, value.metadata.namespace ?? "default");
    const behind = pods.get(host);
    if (behind === undefined) {
      const isThere = hosts.has(host) && host.endsWith(`.${CLUSTER_DOMAIN}`);
      if (isThere)
        report(
          "subset-host",
          ["spec", "host"],
          `${host} has no revisions of its own`,
          "name the Service of a revision",
        );
      else {
        const { fix, near } = hostAdvice(host, hosts);
        report("known-host", ["spec", "host"], `there is no host ${host}`, fix, { name: host, near });
      }
      continue;
    }
    if (!behind.onCluster && subsets.length > 0) {
      const names = behind.revisions.map(({ name }) => name).join(", ");
      const message = `on a cluster ${written} leads to Knative's gateway, where no pod has these labels`;
      report("gateway-subset", ["spec", "host"], message, `there name the Service of a revision: ${names}`);
    }
    const ofHost = known.get(host) ?? new Map<string, readonly Backend[]>();
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
      const found = behind.revisions.filter((revision) => hasAll(podLabels(revision), labels));
      if (found.length === 0)
        report(
          "subset-labels",
          [...path, "labels"],
          "no revision has these labels",
          advice(behind.revisions, labels),
        );
      ofHost.set(
        name,
        found.map((revision) => ({ kind: "revision", revision: `${revision.namespace}/${revision.name}` })),
      );
    }
  }
  return {
    find(host, subset) {
      const names = [...(known.get(host)?.keys() ?? [])];
      const backends = known.get(host)?.get(subset);
      // Only where no other problem explains it.
      if (backends !== undefined)
        return backends.length > 0 ? backends : [{ kind: "revision", revision: host }];
      const message = `${host} has no subset ${subset}`;
      if (names.length > 0) return { message, ...suggestion(subset, names) };
      return { message, fix: "add a DestinationRule for the host that has it", near: undefined };
    },
  };
}

function podsByHost(services: readonly ServicePlan[]): Map<string, Pods> {
  const pods = new Map<string, Pods>();
  for (const service of services) {
    const { namespace, revisions } = service;
    for (const name of knativeHostNames(service))
      pods.set(fullHost(name, namespace), { revisions, onCluster: false });
    for (const revision of revisions)
      pods.set(fullHost(revision.name, namespace), { revisions: [revision], onCluster: true });
  }
  return pods;
}

/**
 * The labels of a revision's pods: its template's, and those that Knative and Istio add, as far as they are known
 * before a cluster has made it. (serving, pkg/reconciler/revision/resources/meta.go and
 * pkg/reconciler/configuration/resources/revision.go)
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

function hasAll(labels: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

/** The label nearest to the wanted one. */
function advice(revisions: readonly Revision[], wanted: Readonly<Record<string, string>>): string {
  const keys = [...new Set(revisions.flatMap((revision) => Object.keys(podLabels(revision))))];
  for (const [key, value] of Object.entries(wanted)) {
    const values = revisions.flatMap((revision) => podLabels(revision)[key] ?? []);
    if (values.length === 0) return `${key} is on none of them: ${didYouMean(key, keys)}`;
    if (!values.includes(value)) return `${key}: ${didYouMean(value, values)}`;
  }
  return "no revision has all of them";
}
