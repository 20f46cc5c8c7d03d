import type { SplitTarget } from "./split.ts";
import { CLUSTER_DOMAIN } from "../hosts.ts";

/** A destination of a weighted rule, with the fields that identify a revision. */
export interface WeightedDestination {
  weight?: number | undefined;
  destination: { host: string; subset?: string | undefined };
  headers?: { request?: { set?: Readonly<Record<string, string>> | undefined } | undefined } | undefined;
}

/** The service of the destinations: a Knative Service, or a Kubernetes Service with Deployments. */
export interface WeightedService {
  name: string;
  namespace: string;
  revisions: readonly string[];
  /** The revision of each tag. */
  tags: ReadonlyMap<string, string>;
  /**
   * The revisions of a Kubernetes Service: subsets that DestinationRules define for it, or Services with names that
   * begin with its own. Undefined for a Knative Service.
   */
  revisionsAre?: "subsets" | "services" | undefined;
}

const FINEST = 1_000_000;

/**
 * Returns weights in the ratio of percents: the percents themselves if they are integers, else their least integer
 * multiple by a power of ten. Istio accepts any sum (istio issue 36069).
 */
export function weightsOf(percents: readonly number[]): number[] {
  for (let scale = 1; scale < FINEST; scale *= 10) {
    const weights = percents.map((percent) => Math.round(percent * scale));
    if (percents.every((percent, i) => Math.abs(percent * scale - (weights[i] ?? 0)) < 1e-6)) return weights;
  }
  return percents.map((percent) => Math.round(percent * FINEST));
}

/**
 * Returns the weights of listed destinations under a split, and of additional ones that it needs: for each target
 * that has a share and no destination.
 */
export function weightsFor(
  listed: readonly SplitTarget[],
  wanted: readonly SplitTarget[],
): { weights: number[]; more: SplitTarget[] } {
  const left = [...wanted];
  const percents = listed.map(({ revision }) => {
    const found = left.findIndex((target) => target.revision === revision);
    return found < 0 ? 0 : (left.splice(found, 1)[0]?.percent ?? 0);
  });
  const more = left.filter(({ percent }) => percent > 0);
  return { weights: weightsOf([...percents, ...more.map(({ percent }) => percent)]), more };
}

/** Returns the share of each weight in percent; a single destination gets everything for any weight. */
export function percentsOf(weights: readonly number[]): number[] {
  const sum = weights.reduce((all, weight) => all + weight, 0);
  return weights.map((weight) => (weights.length === 1 ? 100 : sum === 0 ? 0 : (100 * weight) / sum));
}

/**
 * Returns the revision of a destination: by its subset if the service has subsets; else by the Host of one of its
 * tags, or by its own Service; undefined for other destinations.
 */
export function destinationOf(
  { destination, headers }: WeightedDestination,
  service: WeightedService,
): { revision: string; tag: string | undefined } | undefined {
  const authority = Object.entries(headers?.request?.set ?? {}).find(
    ([name]) => name.toLowerCase() === "host",
  )?.[1];
  const name = ownName(authority ?? destination.host, service.namespace);
  if (name === undefined) return undefined;
  if (service.revisionsAre === "subsets") {
    const { subset } = destination;
    const isOwn = name === service.name && subset !== undefined && service.revisions.includes(subset);
    return isOwn ? { revision: subset, tag: undefined } : undefined;
  }
  const tag = [...service.tags.keys()].find((each) => name === `${each}-${service.name}`);
  if (tag !== undefined) return { revision: service.tags.get(tag) ?? "", tag };
  const own = [...service.tags].find(([, revision]) => revision === name)?.[0];
  const isKnown = own !== undefined || service.revisions.includes(name);
  if (authority !== undefined || !isKnown) return undefined;
  return { revision: name, tag: own };
}

/** Returns the first label of a host of this namespace. */
function ownName(host: string, namespace: string): string | undefined {
  const [name = "", ...rest] = host.split(":")[0]?.split(".") ?? [];
  const ends = ["", namespace, `${namespace}.svc`, `${namespace}.${CLUSTER_DOMAIN}`];
  return ends.includes(rest.join(".")) ? name : undefined;
}

/**
 * Returns a destination for another revision in the form of an existing one: each name of the one, and each host that
 * begins with it, is replaced by the other's. Undefined if the form is by tags and the revision has none.
 */
export function destinationLike<T extends WeightedDestination>(
  example: T,
  from: { revision: string; tag: string | undefined },
  to: { revision: string; tag: string | undefined },
  service: string,
): T | undefined {
  const names = new Map([[from.revision, to.revision]]);
  const byTag = from.tag === undefined ? undefined : `${from.tag}-${service}`;
  if (byTag !== undefined) {
    if (to.tag === undefined && JSON.stringify(example).includes(`"${byTag}.`)) return undefined;
    if (to.tag !== undefined) names.set(byTag, `${to.tag}-${service}`);
  }
  return renamed(example, names) as T;
}

function renamed(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (typeof value === "string") {
    const [first = "", ...rest] = value.split(".");
    const name = names.get(first);
    return name === undefined ? value : [name, ...rest].join(".");
  }
  if (Array.isArray(value)) return value.map((each) => renamed(each, names));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, renamed(each, names)]));
}
