import { CannotWrite, type SplitTarget } from "../traffic/split/split.ts";
import type { RecordedEngine } from "./engine.ts";
import { wilson } from "../traffic/wilson.ts";
import { InvalidManifests } from "../manifests/problem.ts";
import { type Drift, driftOf } from "./drift.ts";
import { FILES_ENGINE } from "./registry.ts";
import type { ObservedSplit, OutcomeSource } from "../sources/source.ts";

/** A split as planned, as last changed, as live and as observed: the data that `split` draws. */
export interface SplitView {
  service: string;
  engine: RecordedEngine["name"];
  /** The place of the split. */
  place: string;
  /** The header whose buckets decide; undefined if each request is drawn. */
  header?: string | undefined;
  rows: SplitRow[];
  /** The author and the time of the live split. */
  changed: { by: string; atMs: number } | undefined;
  /** The last change that this tool made. */
  lastChange: { by: string; atMs: number } | undefined;
  /** The position of the split in the files; undefined if they do not describe the service. */
  file: string | undefined;
  /** Whether anything serves requests now. */
  runs: boolean;
  /** The number of counted requests, and the start of counting. */
  observed: { requests: number; sinceMs: number } | undefined;
  drift: Drift | undefined;
}

/** One traffic target. A percent is undefined where that side does not have the target. */
export interface SplitRow {
  revision: string;
  tag: string | undefined;
  /** In the files. */
  planned: number | undefined;
  /** After the last change by this tool. */
  last: number | undefined;
  live: number | undefined;
  /**
   * Of the revision, from 0 to 1, with Wilson's interval; by buckets, `ofApplicants` is the share of the buckets seen,
   * which does not depend on the number of requests of an applicant.
   */
  observed: { count: number; share: number; low: number; high: number; ofApplicants?: number } | undefined;
  ready: boolean;
  reason: string | undefined;
}

/** Reads the split of the files, to compare a cluster's with it. */
export type ReadFile = () => Promise<{
  targets: readonly SplitTarget[];
  place: string;
  header?: string | undefined;
}>;

/**
 * Reads the data that `split` shows.
 * @param observing ends the counting of responses, if the source has no counts
 */
export async function gatherSplit(
  engine: RecordedEngine,
  source: OutcomeSource,
  readFile: ReadFile,
  observing: AbortSignal,
): Promise<SplitView> {
  const isOfFiles = engine.name === FILES_ENGINE.name;
  const filesApply = !isOfFiles && engine.splitsDeployments !== true;
  const [written, changes, runs, revisions, file, observed, live] = await Promise.all([
    engine.read(),
    engine.changes(),
    engine.runs(),
    engine.revisions(),
    filesApply ? readFile().catch(undefinedIfNone) : undefined,
    observe(source, observing),
    engine.live(),
  ]);
  const last = changes.at(-1);
  const planned = isOfFiles
    ? { targets: written.targets, place: engine.place, header: written.header }
    : file;
  const counts = observed?.counts ?? new Map<string, number>();
  const requests = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const buckets = [...(observed?.buckets?.values() ?? [])].reduce((sum, count) => sum + count, 0);
  const sides = [planned?.targets ?? [], last?.after ?? [], live ?? []];
  const rows = targetsOf(sides).map(({ revision, tag }): SplitRow => {
    const percentOf = (side: readonly SplitTarget[] | undefined): number | undefined =>
      side?.find((target) => target.revision === revision && target.tag === tag)?.percent;
    const count = counts.get(revision) ?? 0;
    const state = revisions.find(({ name }) => name === revision);
    return {
      revision,
      tag,
      planned: percentOf(planned?.targets),
      last: percentOf(last?.after),
      live: percentOf(live),
      observed:
        requests === 0
          ? undefined
          : {
              count,
              share: count / requests,
              ...wilson(count, requests),
              ...(buckets === 0 ? {} : { ofApplicants: (observed?.buckets?.get(revision) ?? 0) / buckets }),
            },
      ready: state?.ready ?? false,
      reason: state === undefined ? "it does not exist" : state.reason,
    };
  });
  return {
    service: engine.service,
    engine: engine.name,
    place: engine.place,
    header: written.header,
    rows,
    changed: written.changed,
    lastChange: last && { by: last.by, atMs: last.atMs },
    file: planned?.place,
    runs,
    observed: observed && { requests, sinceMs: observed.sinceMs },
    drift: driftOf({
      service: engine.service,
      engine: engine.name,
      isOfFiles,
      file: planned?.targets,
      last: last?.after,
      live,
      headers: { file: planned?.header, live: written.header },
      changed: written.changed,
    }),
  };
}

/** The targets of several splits, each once, in order. */
function targetsOf(sides: readonly (readonly SplitTarget[])[]): SplitTarget[] {
  const found: SplitTarget[] = [];
  for (const target of sides.flat()) {
    if (!found.some(({ revision, tag }) => revision === target.revision && tag === target.tag))
      found.push(target);
  }
  return found.filter(
    ({ revision, tag, percent }) =>
      tag !== undefined ||
      percent > 0 ||
      !found.some((other) => other.revision === revision && other.tag !== undefined),
  );
}

/** The number of requests of each revision: as the source counted, else as it reports until the signal. */
async function observe(source: OutcomeSource, signal: AbortSignal): Promise<ObservedSplit | undefined> {
  if (source.observed !== undefined) return source.observed();
  const sinceMs = Date.now();
  const counts = new Map<string, number>();
  try {
    for await (const batch of source.outcomes(signal)) {
      for (const { revision, count } of batch) {
        if (revision !== undefined) counts.set(revision, (counts.get(revision) ?? 0) + count);
      }
    }
  } catch (error) {
    // The time is over while the source waits for an answer.
    if (!signal.aborted) throw error;
  }
  return { sinceMs, counts };
}

/** Invalid files, and files without the service, have no split here. `deploy` and `lint` report their problems. */
function undefinedIfNone(error: unknown): undefined {
  if (error instanceof CannotWrite || error instanceof InvalidManifests) return undefined;
  throw error;
}
