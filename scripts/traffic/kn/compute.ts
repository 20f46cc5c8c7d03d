import { type KnFlags, LATEST, readPair } from "./flags.ts";
import { REFUSALS } from "./refusals.ts";
import { type KnTarget, withDefaults } from "./target.ts";
import { type Assignment, verifyFlags } from "./verify.ts";

/** The state of a Knative Service that kn reads before it changes a split. */
export interface KnState {
  /** The Knative Service's name. */
  service: string;
  /** `spec.traffic`. */
  traffic: readonly KnTarget[];
  /** `status.traffic`, which the rule for the remainder reads. Each target names its revision. */
  observed: readonly KnTarget[];
  /** The names of the revisions that exist. */
  revisions: readonly string[];
  /** The latest ready revision, if any. */
  latest: string | undefined;
}

/** The new traffic block, or kn's error message. */
export type KnResult =
  | {
      traffic: KnTarget[];
      /** The revision that gets the remainder of the given percents. */
      remainder: { revision: string; percent: number } | undefined;
    }
  | { refusal: string };

/**
 * Computes the traffic block that `kn service update` writes: it removes tags, then sets tags, then percents. A
 * reference is looked up as a tag first, then as a revision; an unknown one is added without a check. If no target is
 * left, Knative's webhook sets the default, all traffic to the latest revision. (knative/client,
 * pkg/traffic/compute.go)
 */
export function computeTraffic(state: KnState, flags: KnFlags): KnResult {
  const verified = verifyFlags(state, flags);
  if ("refusal" in verified) return verified;
  const block = state.traffic.map((target) => ({ ...target }));
  const refusal = untag(block, flags.untags, state.service) ?? tag(block, flags.tags);
  if (refusal !== undefined) return { refusal };
  if (flags.traffic !== undefined) setPercents(block, verified.assignments);
  return {
    traffic: withDefaults(block.filter((target) => (target.tag ?? "") !== "" || target.percent !== 0)),
    remainder: verified.remainder,
  };
}

function untag(block: KnTarget[], tags: readonly string[], service: string): string | undefined {
  const missing = tags.filter((tag) => {
    const target = tagged(block, tag);
    if (target !== undefined) delete target.tag;
    return target === undefined;
  });
  return missing.length > 0 ? REFUSALS.noSuchTags(missing, service) : undefined;
}

function tag(block: KnTarget[], tags: readonly string[]): string | undefined {
  for (const text of tags) {
    const pair = readPair(text);
    if ("refusal" in pair) return pair.refusal;
    const { ref, value } = pair;
    const refusal = ref === LATEST ? tagLatest(block, value) : tagRevision(block, ref, value);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function tagLatest(block: KnTarget[], wanted: string): string | undefined {
  const latest = block.find(({ latestRevision }) => latestRevision);
  const existing = latest?.tag ?? "";
  if (existing === wanted) return undefined;
  if (tagged(block, wanted) !== undefined) return REFUSALS.tagTaken(wanted);
  if (existing !== "") return REFUSALS.latestTagged(existing, wanted);
  if (latest === undefined) block.push({ tag: wanted, latestRevision: true, percent: 0 });
  else latest.tag = wanted;
  return undefined;
}

function tagRevision(block: KnTarget[], revision: string, wanted: string): string | undefined {
  const own = block.filter(({ revisionName }) => revisionName === revision);
  if (own.some(({ tag = "" }) => tag === wanted)) return undefined;
  if (tagged(block, wanted) !== undefined) return REFUSALS.tagTaken(wanted);
  const [first] = own;
  // As in kn, only the revision's first target is considered: a second tag becomes a separate target.
  if (first !== undefined && first.tag === undefined) first.tag = wanted;
  else block.push({ tag: wanted, revisionName: revision, latestRevision: false, percent: 0 });
  return undefined;
}

function setPercents(block: KnTarget[], assignments: readonly Assignment[]): void {
  for (const target of block) target.percent = 0;
  for (const { ref, percent } of assignments) {
    if (ref === LATEST) {
      const latest = block.find(({ latestRevision }) => latestRevision);
      if (latest === undefined) block.push({ latestRevision: true, percent });
      else latest.percent = percent;
      continue;
    }
    const target = tagged(block, ref) ?? block.find(({ revisionName }) => revisionName === ref);
    if (target === undefined) block.push({ revisionName: ref, latestRevision: false, percent });
    else target.percent = percent;
  }
}

function tagged(block: readonly KnTarget[], tag: string): KnTarget | undefined {
  return block.find((target) => (target.tag ?? "") === tag);
}
