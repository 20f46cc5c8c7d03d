import { UsageError, UserError } from "../cluster/user-error.ts";
import { didYouMean } from "../nearest.ts";
import { CLUSTER_DOMAIN } from "../traffic/hosts.ts";
import type { SplitTarget } from "../traffic/split/split.ts";

/** A version that is called by its tag. */
export interface Version {
  readonly tag: string;
  readonly revision: string;
}

/** The versions that are compared. */
export interface Versions {
  readonly control: Version;
  readonly candidate: Version;
}

/**
 * Returns the versions that a user names: the candidate by tag or revision, the control likewise, or else the one
 * with the largest share of the others.
 * @throws UsageError, UserError if there is no such target, or it has no tag
 */
export function versionsOf(
  service: string,
  targets: readonly SplitTarget[],
  { to, from }: { to: string; from?: string | undefined },
): Versions {
  const candidate = named(service, targets, to);
  const control = from === undefined ? largest(service, targets, candidate) : named(service, targets, from);
  if (control.revision === candidate.revision)
    throw new UsageError(`${to} is compared with itself: --from names another version than --to.`);
  return { control, candidate };
}

/** The address of a version, regardless of the split. */
export function originOf({ tag }: Version, service: string, namespace: string): string {
  return `http://${tag}-${service}.${namespace}.${CLUSTER_DOMAIN}`;
}

function named(service: string, targets: readonly SplitTarget[], name: string): Version {
  const found = targets.filter(({ tag, revision }) => tag === name || revision === name);
  const tagged = found.find(({ tag }) => tag !== undefined);
  if (tagged?.tag !== undefined) return { tag: tagged.tag, revision: tagged.revision };
  const [untagged] = found;
  if (untagged !== undefined)
    throw new UserError(
      `${untagged.revision} has no tag, by which it could be asked: ./kyc split ${service} --tag ${untagged.revision}=TAG`,
    );
  const names = targets.map(({ tag, revision }) => tag ?? revision);
  throw new UsageError(`${service} has no version ${name}: ${didYouMean(name, names)}`);
}

function largest(service: string, targets: readonly SplitTarget[], candidate: Version): Version {
  const others = targets.filter(({ revision }) => revision !== candidate.revision);
  const [first] = [...others].sort((a, b) => b.percent - a.percent);
  if (first === undefined)
    throw new UserError(
      `${service} has one version only, so there is none to compare ${candidate.tag} with.`,
    );
  return named(service, others, first.tag ?? first.revision);
}
