import type { FieldPath } from "../../manifests/document.ts";
import { suggestion } from "../../nearest.ts";
import { listAt, valueAt } from "../../schema/value.ts";
import { byLongestPattern, CLUSTER_DOMAIN, destinationName } from "../../traffic/hosts.ts";
import { advice, withoutPods } from "../../traffic/istio/subsets.ts";
import { hasAll, type Labels } from "../../traffic/pods.ts";
import type { Rule } from "../finding.ts";
import { type Facts, hostFrom } from "./facts.ts";
import { namespaceOf, type Objects, type Workload } from "./read-objects.ts";

/** Destinations whose pods are those of Deployments: the subsets of a Service, or a Service for each version. */
export const WORKLOAD_RULES: readonly Rule<Facts>[] = [
  {
    code: "known-subset",
    *check({ objects, serviceHosts, knativeHosts, revisionHosts }) {
      const { destinations, rulesFor } = behindOf(objects);
      for (const { at, host, subset, path } of destinations) {
        // Those of Knative's hosts are checked as the routes are compiled.
        if (subset === undefined || knativeHosts.has(host) || revisionHosts.has(host)) continue;
        const rules = rulesFor(host);
        if (rules.length === 0 && !serviceHosts.has(host)) continue;
        const names = rules.flatMap(({ value }) =>
          (value.spec?.subsets ?? []).flatMap(({ name }) => name ?? []),
        );
        if (names.includes(subset)) continue;
        const fix = "add a DestinationRule for the host that has it";
        yield {
          document: at.document,
          path: [...path, "subset"],
          message: `${host} has no subset ${subset}`,
          fix: names.length === 0 ? fix : suggestion(subset, names).fix,
        };
      }
    },
  },
  {
    code: "subset-without-pods",
    *check({ objects }) {
      const { podsOf } = behindOf(objects);
      for (const rule of objects.destinationRules) {
        const { value, document } = rule;
        const behind = podsOf(hostFrom(value.spec?.host ?? "", namespaceOf(rule)));
        if (behind === undefined || behind.length === 0) continue;
        for (const [i, { labels = {} }] of (value.spec?.subsets ?? []).entries()) {
          if (behind.some((pods) => hasAll(pods.labels, said(labels)))) continue;
          yield {
            document,
            path: ["spec", "subsets", i, "labels"],
            message: withoutPods(value.spec?.host ?? ""),
            fix: advice(behind, said(labels)),
          };
        }
      }
    },
  },
  {
    code: "service-without-pods",
    *check({ objects }) {
      const { destinations, podsOf } = behindOf(objects);
      const asked = new Set(destinations.map(({ host }) => host));
      for (const service of objects.services) {
        const { name, namespace, selector, document } = service;
        const host = fullName(service);
        if (selector === undefined || !asked.has(host) || podsOf(host)?.length !== 0) continue;
        const around = objects.workloads.filter((pods) => pods.namespace === namespace);
        if (around.length === 0) continue;
        yield {
          document,
          path: ["spec", "selector"],
          message: `no Deployment in these files has the labels that ${name} selects, so requests to it are answered 503`,
          fix: advice(around, selector),
        };
      }
    },
  },
  {
    code: "pods-at-zero",
    *check({ objects }) {
      for (const { at, path, to, pods, weight } of behindOf(objects).splits.flat()) {
        if (weight === 0 || pods.length === 0 || pods.some(({ replicas }) => replicas > 0)) continue;
        yield {
          document: at.document,
          path,
          message: `${to} gets requests, and ${titles(pods)} has replicas: 0, so they are answered 503`,
          fix: "start its pods first, or give the destination the weight 0",
        };
      }
    },
  },
  {
    code: "shared-pods",
    *check({ objects }) {
      for (const rule of behindOf(objects).splits) {
        for (const [i, one] of rule.entries()) {
          const other = rule.slice(0, i).find(({ pods, to }) => {
            return to !== one.to && pods.some((each) => one.pods.includes(each));
          });
          if (other === undefined) continue;
          const both = other.pods.filter((each) => one.pods.includes(each));
          yield {
            document: one.at.document,
            path: one.path,
            message: `${one.to} and ${other.to} both lead to the pods of ${titles(both)}, so their weights are not the shares of versions`,
            fix: "give the pods of each version a label of their own, and select by it",
          };
        }
      }
    },
  },
  {
    code: "pod-readiness",
    *check({ objects }) {
      const told = new Set<Workload>();
      for (const { pods } of behindOf(objects).splits.flat()) {
        for (const each of pods) {
          if (each.hasReadiness || told.has(each)) continue;
          told.add(each);
          yield {
            document: each.document,
            path: ["spec", "template", "spec", "containers", 0],
            message: `${each.title} has no readinessProbe, so its pods get their share of requests before they can answer`,
            fix: "add a readinessProbe",
          };
        }
      }
    },
  },
];

/** A destination of a rule, of requests or of connections. */
interface DestinationAt {
  at: Objects["virtualServices"][number];
  host: string;
  subset: string | undefined;
  path: FieldPath;
}

/** A destination of a split, with the pods behind it. */
interface WeightedAt extends DestinationAt {
  /** As messages name it. */
  to: string;
  pods: readonly Workload[];
  weight: number;
}

/** The destinations of the files and their backends, looked up once for all rules. */
interface Behind {
  destinations: readonly DestinationAt[];
  /** The destinations of each rule for requests that has several. */
  splits: readonly (readonly WeightedAt[])[];
  /** The DestinationRules of a host: those of its own name, or else those of the longest wildcard. */
  rulesFor(host: string): Objects["destinationRules"];
  /** Returns the objects that create a Service's pods; undefined for a host without such a Service in the files. */
  podsOf(host: string): readonly Workload[] | undefined;
}

const found = new WeakMap<Objects, Behind>();

function behindOf(objects: Objects): Behind {
  const known = found.get(objects) ?? findBehind(objects);
  found.set(objects, known);
  return known;
}

function findBehind({ virtualServices, destinationRules, services, workloads }: Objects): Behind {
  const rules = Map.groupBy(destinationRules, (rule) =>
    hostFrom(rule.value.spec?.host ?? "", namespaceOf(rule)),
  );
  const ruleOf = byLongestPattern(rules);
  const selecting = new Map(services.map((service) => [fullName(service), service]));
  const around = Map.groupBy(workloads, ({ namespace }) => namespace);
  const pods = new Map<string, readonly Workload[]>();
  const destinations = virtualServices.flatMap((at) =>
    ["http", "tcp", "tls"].flatMap((field) =>
      listAt(at.document.value, ["spec", field]).flatMap((rule, i) => {
        const path = ["spec", field, i];
        const routes = listAt(rule, ["route"]).map((_, j) => [...path, "route", j, "destination"]);
        const copies = listAt(rule, ["mirrors"]).map((_, j) => [...path, "mirrors", j, "destination"]);
        return [...routes, ...copies, [...path, "mirror"]].flatMap((of) => destinationAt(at, of));
      }),
    ),
  );
  const splits = virtualServices.flatMap((at) =>
    (at.value.spec?.http ?? []).flatMap(({ route = [] }, i) => {
      if (route.length < 2) return [];
      const split = route.flatMap(({ weight = 0 }, j) =>
        destinationAt(at, ["spec", "http", i, "route", j, "destination"]).map((to): WeightedAt => ({
          ...to,
          weight,
          to: destinationName(to),
          pods: podsOfDestination(to),
        })),
      );
      return [split];
    }),
  );
  return { destinations, splits, rulesFor, podsOf };

  function rulesFor(host: string): Objects["destinationRules"] {
    return ruleOf(host) ?? [];
  }

  function podsOf(host: string): readonly Workload[] | undefined {
    const service = selecting.get(host);
    if (service?.selector === undefined) return undefined;
    const { namespace, selector } = service;
    const known =
      pods.get(host) ?? (around.get(namespace) ?? []).filter(({ labels }) => hasAll(labels, selector));
    pods.set(host, known);
    return known;
  }

  function podsOfDestination({ host, subset }: DestinationAt): readonly Workload[] {
    const behind = podsOf(host) ?? [];
    if (subset === undefined) return behind;
    const labels = rulesFor(host)
      .flatMap(({ value }) => value.spec?.subsets ?? [])
      .find(({ name }) => name === subset)?.labels;
    return labels === undefined ? [] : behind.filter((each) => hasAll(each.labels, said(labels)));
  }
}

function destinationAt(at: DestinationAt["at"], path: FieldPath): DestinationAt[] {
  const [host, subset] = ["host", "subset"].map((field) => valueAt(at.document.value, [...path, field]));
  if (typeof host !== "string") return [];
  return [
    {
      at,
      path,
      host: hostFrom(host, namespaceOf(at)),
      subset: typeof subset === "string" ? subset : undefined,
    },
  ];
}

function fullName({ name, namespace }: { name: string; namespace: string }): string {
  return `${name}.${namespace}.${CLUSTER_DOMAIN}`;
}

const titles = (pods: readonly Workload[]): string => pods.map(({ title }) => title).join(" and ");

/** Labels without those whose value is left out as invalid. */
function said(labels: Readonly<Record<string, string | undefined>>): Labels {
  return Object.fromEntries(
    Object.entries(labels).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
