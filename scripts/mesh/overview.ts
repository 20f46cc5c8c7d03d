import type { Position } from "../manifests/problem.ts";
import { clusterLocalNames, hostOf, knativeHostNames } from "../traffic/hosts.ts";
import { type KnativeServicePlan, shares } from "../traffic/knative.ts";
import type { Destination, Rule } from "../traffic/table.ts";
import { LOCAL_DOMAIN, type Loaded } from "./load.ts";

/** Who decides a service's split: Knative's percentages, or the weights of a VirtualService. */
export type SplitOwner = "Knative" | "Istio";

/** What runs and who gets which share: the data that `dev` draws. */
export interface Overview {
  ingress: string;
  clusterLocal: string;
  swagger: string;
  services: ServiceOverview[];
  /** Commands to try. */
  tries: string[];
  /** Fields that have no effect on one machine. */
  withoutEffect: string[];
}

export interface ServiceOverview {
  name: string;
  /** Where it answers by its own name. */
  url: string;
  splitBy: SplitOwner;
  /** Where the split is written. */
  at: Position;
  revisions: { name: string; tag: string | undefined; percent: number }[];
}

/** Gathers what there is to show of a configuration that runs on these ports. */
export function overview(loaded: Loaded, port: number, localPort: number): Overview {
  const ingress = `http://127.0.0.1:${port}`;
  const local = `http://127.0.0.1:${localPort}`;
  return {
    ingress,
    clusterLocal: local,
    swagger: `${ingress}/swagger`,
    services: loaded.plan.services.map((service) => serviceOverview(service, loaded, port, localPort)),
    tries: [
      `curl '${ingress}/kyc/v1/customer?type=basicReport'`,
      `curl '${ingress}/kyc/v1/customer?type=advancedReport'`,
      `curl ${ingress}/kyc/v1/customer`,
      `curl -H 'end-user: advanced' ${ingress}/kyc/v1/customer`,
      `curl -H 'Host: credit-check.kyc.svc.cluster.local' ${local}/credit-check/report`,
    ],
    withoutEffect: [...new Set(loaded.resources.clusterOnly.map(({ path }) => String(path.at(-1))))].sort(),
  };
}

function serviceOverview(
  service: KnativeServicePlan,
  loaded: Loaded,
  port: number,
  localPort: number,
): ServiceOverview {
  const weighted = weightedRule(service, loaded);
  const percents = weighted ? percentsOf(weighted, service) : shares(service.traffic);
  const onPort = service.visibility === "public" ? port : localPort;
  return {
    name: service.name,
    url: `http://${service.name}.${service.namespace}.${LOCAL_DOMAIN}:${onPort}`,
    splitBy: weighted ? "Istio" : "Knative",
    at: weighted?.at ?? service.at,
    revisions: service.revisions.map(({ name }) => ({
      name,
      tag: service.traffic.find(({ revision, tag }) => revision === name && tag !== undefined)?.tag,
      percent: percents.get(name) ?? 0,
    })),
  };
}

/** The rule of a VirtualService that splits requests between this service's revisions, if one does. */
function weightedRule(service: KnativeServicePlan, loaded: Loaded): Rule | undefined {
  const { table } = loaded.plan;
  const own = new Set(
    knativeHostNames(service).flatMap((name) => clusterLocalNames(name, service.namespace)),
  );
  for (const [host, rules] of table.listeners.mesh.exact) {
    if (own.has(host)) continue;
    const found = rules.find(({ action }) => {
      if (action.kind !== "forward" || action.destinations.length < 2) return false;
      return action.destinations.every((to) => revisionOf(to, service) !== undefined);
    });
    if (found !== undefined) return found;
  }
  return undefined;
}

function percentsOf(rule: Rule, service: KnativeServicePlan): Map<string, number> {
  const percents = new Map<string, number>();
  if (rule.action.kind !== "forward") return percents;
  for (const to of rule.action.destinations) {
    const revision = revisionOf(to, service) ?? "";
    percents.set(revision, (percents.get(revision) ?? 0) + (100 * to.weight) / rule.action.totalWeight);
  }
  return percents;
}

/** The revision of this service that a destination means: by its own Service, or by a tag's host. */
function revisionOf(to: Destination, service: KnativeServicePlan): string | undefined {
  const { backend, authority } = to;
  if (backend.kind === "revision") {
    return service.revisions.find(({ name, namespace }) => `${namespace}/${name}` === backend.revision)?.name;
  }
  if (authority === undefined) return undefined;
  return service.traffic.find(({ tag }) => {
    return (
      tag !== undefined &&
      clusterLocalNames(`${tag}-${service.name}`, service.namespace).includes(hostOf(authority))
    );
  })?.revision;
}
