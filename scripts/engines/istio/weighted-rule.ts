import { Check } from "typebox/schema";
import { withDefaults } from "../../traffic/kn/target.ts";
import { destinationOf, type WeightedService } from "../../traffic/split/weights.ts";
import type { Kube } from "../../cluster/kube/client.ts";
import { checked } from "../../cluster/workload/follow.ts";
import {
  KNATIVE_SERVICE,
  LiveRevision,
  LiveService,
  REVISION,
  SERVICE_LABEL,
} from "../../cluster/workload/live-objects.ts";
import {
  INGRESS_LABEL,
  type LiveDestination,
  LiveVirtualService,
  VIRTUAL_SERVICE,
} from "../on-cluster/live-virtual-service.ts";

/** The rule of a VirtualService whose weights split the requests of a Knative Service. */
export interface WeightedRule {
  object: LiveVirtualService;
  /** The rule's place in `spec.http`. */
  index: number;
  routes: readonly LiveDestination[];
  service: WeightedService;
}

/**
 * Finds the rule without a condition whose destinations are all revisions of the service; undefined where no
 * VirtualService of the namespace has one, so that Knative decides.
 */
export async function findWeightedRule(
  kube: Kube,
  namespace: string,
  name: string,
): Promise<WeightedRule | undefined> {
  const [service, revisions, virtualServices] = await Promise.all([
    kube.get({ ...KNATIVE_SERVICE, namespace, name }),
    kube.list(REVISION, { namespace, labelSelector: `${SERVICE_LABEL}=${name}` }),
    kube.list(VIRTUAL_SERVICE, { namespace }),
  ]);
  const live: unknown = service;
  const weighted = weightedService(
    namespace,
    name,
    Check(LiveService, live) ? live : undefined,
    checked(LiveRevision, revisions.items).map(({ metadata }) => metadata.name),
  );
  for (const object of checked(LiveVirtualService, virtualServices.items)) {
    if (object.metadata.labels?.[INGRESS_LABEL] !== undefined) continue;
    const rules = object.spec.http ?? [];
    const index = rules.findIndex(({ match }) => match === undefined);
    const rule = rules[index];
    if (rule?.route === undefined || rule.route.length === 0 || rule.rewrite?.authority !== undefined)
      continue;
    if (rule.route.every((to) => destinationOf(to, weighted) !== undefined))
      return { object, index, routes: rule.route, service: weighted };
  }
  return undefined;
}

function weightedService(
  namespace: string,
  name: string,
  service: LiveService | undefined,
  revisions: readonly string[],
): WeightedService {
  const latest = service?.status?.latestReadyRevisionName;
  const tags = new Map<string, string>();
  for (const { tag, revisionName = latest } of withDefaults(service?.spec.traffic)) {
    if (tag !== undefined && revisionName !== undefined) tags.set(tag, revisionName);
  }
  return { name, namespace, revisions, tags };
}
