import type { SplitTarget } from "../split/split.ts";

/** An entry of `spec.traffic` as the API server stores it, with every default filled in. */
export interface KnTarget {
  tag?: string;
  /** Absent if the target follows the latest ready revision. */
  revisionName?: string;
  latestRevision: boolean;
  percent: number;
}

/** An entry of a traffic block, without defaults. */
export interface WrittenTarget {
  tag?: string | undefined;
  revisionName?: string | undefined;
  latestRevision?: boolean | undefined;
  percent?: number | undefined;
}

/**
 * Returns a traffic block with the defaults of Knative's webhook; without a block all traffic goes to the latest
 * revision. (serving, pkg/apis/serving/v1/route_defaults.go)
 */
export function withDefaults(block: readonly WrittenTarget[] | undefined): KnTarget[] {
  if (block === undefined || block.length === 0) return [{ latestRevision: true, percent: 100 }];
  return block.map(({ tag, revisionName, latestRevision, percent }) => ({
    ...(tag ? { tag } : {}),
    ...(revisionName ? { revisionName } : {}),
    latestRevision: latestRevision ?? !revisionName,
    percent: percent ?? 0,
  }));
}

/** Resolves every target of a block to its revision, as in `status.traffic`. */
export function resolved(block: readonly KnTarget[], latest: string | undefined): KnTarget[] {
  return block.map((target) =>
    target.revisionName === undefined && latest !== undefined ? { ...target, revisionName: latest } : target,
  );
}

/** The traffic block of a split. */
export function asTraffic(targets: readonly SplitTarget[]): KnTarget[] {
  return targets.map(({ revision, tag, percent, latest }) => ({
    ...(tag === undefined ? {} : { tag }),
    ...(latest ? {} : { revisionName: revision }),
    latestRevision: latest,
    percent,
  }));
}

/** The split of a traffic block. @param latest the latest ready revision */
export function asSplit(block: readonly KnTarget[], latest: string): SplitTarget[] {
  return block.map(({ tag, revisionName, latestRevision, percent }) => ({
    revision: revisionName ?? latest,
    tag,
    percent,
    latest: latestRevision,
  }));
}
