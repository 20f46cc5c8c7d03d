import { Check } from "typebox/schema";
import { withDefaults } from "../../traffic/kn/target.ts";
import {
  bucketRules,
  bucketTargets,
  type ListedTarget,
  needsTag,
  weightedRule,
} from "../../traffic/split/bucket-rules.ts";
import { type BucketRules, findBucketRules } from "../../traffic/split/find-bucket-rules.ts";
import {
  findPreview,
  type FoundPreview,
  previewRules,
  withPreview,
} from "../../traffic/split/preview-rule.ts";
import { CannotWrite, type SplitForm, type SplitTarget } from "../../traffic/split/split.ts";
import {
  destinationLike,
  destinationOf,
  percentsOf,
  type WeightedService,
  weightsFor,
} from "../../traffic/split/weights.ts";
import { deployedService, isForHost } from "./deployed-revisions.ts";
import type { Kube } from "../../cluster/kube/client.ts";
import { checked } from "../../cluster/workload/follow.ts";
import {
  INGRESS_LABEL,
  KNATIVE_SERVICE,
  LiveRevision,
  LiveService,
  REVISION,
  SERVICE_LABEL,
} from "../../cluster/workload/live-objects.ts";
import {
  type LiveDestination,
  type LiveRule,
  LiveVirtualService,
  VIRTUAL_SERVICE,
} from "../on-cluster/live-virtual-service.ts";

/** The part of a VirtualService that splits the requests of a service: a rule with weights, or rules for buckets. */
export interface SplitRule {
  object: LiveVirtualService;
  /** The index of the rule without a condition in `spec.http`. */
  index: number;
  routes: readonly LiveDestination[];
  /** The rules for buckets, if they decide; the last of them is the one without a condition. */
  buckets: BucketRules | undefined;
  /** The preceding rule for requests with a header; undefined if there is none. */
  preview: FoundPreview | undefined;
  /** The targets that have a destination. */
  listed: readonly ListedTarget[];
  /** The same, followed by the tags, subsets and Services without a destination. */
  targets: readonly SplitTarget[];
  service: WeightedService;
}

/**
 * Finds the rule without a condition whose destinations are all revisions of the service, and the rules for buckets
 * before it; undefined if no VirtualService of the namespace has one. If the name is not a Knative Service, its
 * revisions are the subsets that DestinationRules define for the Kubernetes Service, or Services with names that
 * begin with its own.
 */
export async function findSplitRule(
  kube: Kube,
  namespace: string,
  name: string,
): Promise<SplitRule | undefined> {
  const [service, revisions, virtualServices] = await Promise.all([
    kube.get({ ...KNATIVE_SERVICE, namespace, name }),
    kube.list(REVISION, { namespace, labelSelector: `${SERVICE_LABEL}=${name}` }),
    kube.list(VIRTUAL_SERVICE, { namespace }),
  ]);
  const live: unknown = service;
  const weighted =
    live === undefined
      ? await deployedService(kube, namespace, name)
      : weightedService(
          namespace,
          name,
          Check(LiveService, live) ? live : undefined,
          checked(LiveRevision, revisions.items).map(({ metadata }) => metadata.name),
        );
  if (weighted === undefined) return undefined;
  for (const object of checked(LiveVirtualService, virtualServices.items)) {
    if (object.metadata.labels?.[INGRESS_LABEL] !== undefined) continue;
    if (weighted.revisionsAre === "services" && !isForHost(object, weighted)) continue;
    const found = splitRuleIn(object, weighted);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Returns the split of a service's requests in a VirtualService; undefined if there is none. */
export function splitRuleIn(object: LiveVirtualService, service: WeightedService): SplitRule | undefined {
  const http = object.spec.http ?? [];
  const index = http.findIndex(({ match = [] }) => match.length === 0);
  const routes = http[index]?.route ?? [];
  if (routes.length === 0 || http[index]?.rewrite?.authority !== undefined) return undefined;
  const buckets = findBucketRules(http);
  const byBuckets = buckets && bucketTargets(http, buckets, service);
  const listed = byBuckets ?? weightedTargets(routes, service);
  if (listed === undefined) return undefined;
  const others = [...service.tags].filter(
    ([, revision]) => !listed.some((each) => each.revision === revision),
  );
  const preview = findPreview(http, byBuckets && buckets ? buckets.first : index, service);
  const unused = (service.revisionsAre === undefined ? [] : service.revisions).filter(
    (name) => !listed.some(({ revision }) => revision === name),
  );
  return {
    object,
    index,
    routes,
    buckets: byBuckets && buckets,
    listed,
    preview,
    targets: withPreview(
      [
        ...listed.map(({ revision, tag, percent, latest }) => ({ revision, tag, percent, latest })),
        ...others.map(([tag, revision]) => ({ revision, tag, percent: 0, latest: false })),
        ...unused.map((revision) => ({ revision, tag: undefined, percent: 0, latest: false })),
      ],
      preview,
    ),
    service,
  };
}

/** Returns the rules of a VirtualService with another split. @throws CannotWrite if it cannot be written so */
export function withSplit(
  { object, index, routes, buckets, preview, listed, service }: SplitRule,
  wanted: readonly SplitTarget[],
  { header }: SplitForm,
): LiveRule[] {
  const other = wanted.find(({ tag, revision }) => tag !== undefined && service.tags.get(tag) !== revision);
  if (other !== undefined && service.revisionsAre !== undefined)
    throw new CannotWrite(
      `Deployments have no tags: use the name of the revision, ${other.revision}, instead of the tag ${other.tag}.`,
    );
  if (other !== undefined)
    throw new CannotWrite(
      `The split is in a VirtualService, but tags belong to the Knative Service: ./kyc split ${service.name} --engine knative --tag ${other.revision}=${other.tag}`,
    );
  const http = object.spec.http ?? [];
  const example = http[index] ?? {};
  if (buckets === undefined && header === undefined) {
    const route = withWeights(routes, listed, wanted, service);
    const rest = http.slice(index + 1);
    return [...before(index), { ...example, route }, ...rest];
  }
  // Buckets of another header do not carry over to this one.
  const kept = buckets?.header === header ? listed : listed.map((target) => ({ ...target, ranges: [] }));
  const options = { example, listed: kept, wanted, service };
  const rules = header === undefined ? [weightedRule(options)] : bucketRules(options, header);
  return [...before(buckets?.first ?? index), ...rules, ...http.slice(index + 1)];

  /** The rules before those of the split, with the wanted preview as the last. */
  function before(first: number): LiveRule[] {
    const others = http.slice(0, preview === undefined ? first : first - 1);
    return [...others, ...previewRules({ example, listed, wanted, service })];
  }
}

/** Returns destinations with their percents; undefined if one belongs to another service. */
function weightedTargets(
  routes: readonly LiveDestination[],
  service: WeightedService,
): ListedTarget[] | undefined {
  const percents = percentsOf(routes.map(({ weight = 0 }) => weight));
  const targets = routes.flatMap((destination, i): ListedTarget[] => {
    const found = destinationOf(destination, service);
    const percent = percents[i] ?? 0;
    return found === undefined ? [] : [{ ...found, percent, latest: false, destination, ranges: [] }];
  });
  return targets.length === routes.length ? targets : undefined;
}

function withWeights(
  routes: readonly LiveDestination[],
  listed: readonly SplitTarget[],
  wanted: readonly SplitTarget[],
  service: WeightedService,
): LiveDestination[] {
  const { weights, more } = weightsFor(listed, wanted);
  return weights.map((weight, i) => {
    const old = routes[i];
    if (old !== undefined) return { ...old, weight };
    const target = more[i - routes.length] as SplitTarget;
    const [example, exampleTarget] = [routes[0], listed[0]];
    const made = example && exampleTarget && destinationLike(example, exampleTarget, target, service.name);
    if (made !== undefined) return { ...made, weight };
    throw new CannotWrite(needsTag(target.revision, service.name));
  });
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
