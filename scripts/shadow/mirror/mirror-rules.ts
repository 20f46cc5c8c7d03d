import { UserError } from "../../cluster/user-error.ts";
import { clusterLocalNames, hostOf } from "../../traffic/hosts.ts";
import { bucketTargets, type SplitRule } from "../../traffic/split/bucket-rules.ts";
import { findBucketRules } from "../../traffic/split/find-bucket-rules.ts";
import { destinationOf, type WeightedService } from "../../traffic/split/weights.ts";

/** A rule of a VirtualService, as far as mirrors go. */
export interface MirroringRule extends SplitRule {
  mirror?: { host: string } | undefined;
  mirrorPercentage?: unknown;
  mirrors?: readonly unknown[] | undefined;
}

/** The fields by which a rule sends copies to the shadow service. */
export interface MirrorFields {
  mirror: { host: string; port: { number: number } };
  mirrorPercentage: { value: number };
}

/**
 * Returns the rules that split a service's ordinary requests, in any form: rules for buckets, one with weights, or
 * one that leads to the service's own host, behind which Knative decides. Rules that pin a request to a version are
 * not included.
 */
export function splittingRules(http: readonly MirroringRule[], service: WeightedService): number[] {
  const buckets = findBucketRules(http);
  if (buckets !== undefined && bucketTargets(http, buckets, service) !== undefined)
    return http.flatMap((_, i) => (i >= buckets.first && i <= buckets.last ? [i] : []));
  const own = clusterLocalNames(service.name, service.namespace);
  return http.flatMap(({ match, route = [], rewrite }, i) => {
    const isOwn = [rewrite?.authority, ...route.map(({ destination }) => destination.host)].some(
      (host) => host !== undefined && own.includes(hostOf(host)),
    );
    if (isOwn) return [i];
    const isSplit = route.length > 1 || (match === undefined && route.length === 1);
    return isSplit && route.every((to) => destinationOf(to, service) !== undefined) ? [i] : [];
  });
}

/** The host of a revision of the shadow service. A mirrored request keeps its own Host, so only a host without routes does. */
export function mirrorFields(revision: string, namespace: string, percent: number): MirrorFields {
  const [host = ""] = clusterLocalNames(revision, namespace);
  return { mirror: { host, port: { number: 80 } }, mirrorPercentage: { value: percent } };
}

/** Whether a rule sends copies to a revision of the shadow service. */
export function isMirrored({ mirror }: MirroringRule, shadow: string): boolean {
  return mirror?.host.startsWith(`${shadow}-`) ?? false;
}

/** @throws UserError if a rule already has a mirror, which would be lost */
export function refuseOtherMirrors(
  http: readonly MirroringRule[],
  rules: readonly number[],
  place: string,
): void {
  const taken = rules.find((i) => http[i]?.mirror !== undefined || http[i]?.mirrors !== undefined);
  if (taken === undefined) return;
  const name = http[taken]?.name ?? `http[${taken}]`;
  throw new UserError(
    `The rule ${name} in ${place} has a mirror already: take it away while ./kyc shadow runs.`,
  );
}
