import { Check } from "typebox/schema";
import { lineBatches } from "../../text/lines.ts";
import { NothingRuns } from "../../traffic/split/split.ts";
import { MeshEvent, type ServedEvent } from "../../mesh/admin/event-schema.ts";
import { askMesh, findMeshState, type RunningMeshOptions, serviceOf } from "../../mesh/admin/running-mesh.ts";
import type { Outcome, OutcomeSource, WantedOutcomes } from "../source.ts";
import { CALLER_WAIT_MS, CallersView } from "./callers-view.ts";

const LOOK_AGAIN_MS = 500;
// The mesh collects events for 20 ms before it sends them; the rest is a margin for callers and a busy machine.
const LAG_MS = 2 * CALLER_WAIT_MS + 250;

/** The outcomes of a service from the mesh that serves a folder. */
export function meshSource(options: RunningMeshOptions, service: string): OutcomeSource {
  return {
    name: "mesh",
    place: "the local mesh",
    lagMs: LAG_MS,
    tellsRoutes: true,
    tellsAnswers: true,
    outcomes: (signal, wanted = {}) => meshOutcomes(options, service, wanted, signal),
    async observed() {
      const state = await findMeshState(options);
      const split = state && serviceOf(state, service)?.splits.find(({ deciding }) => deciding);
      const counts = split?.observed.revisions.map(({ revision, count }) => [revision, count] as const);
      const buckets = split?.observed.revisions.map(
        ({ revision, buckets = 0 }) => [revision, buckets] as const,
      );
      const ofBuckets = split?.header === undefined ? {} : { buckets: new Map(buckets) };
      return split && { sinceMs: split.observed.sinceMs, counts: new Map(counts), ...ofBuckets };
    },
  };
}

/**
 * Yields the outcomes of the requests that the split of a service decides. Requests that are pinned to a revision are
 * omitted unless requested: their number does not depend on the split. If the mesh ends, the source waits for the
 * next one.
 * @throws NothingRuns if no mesh runs at the start
 */
async function* meshOutcomes(
  options: RunningMeshOptions,
  service: string,
  { fields = [], pinned = false }: WantedOutcomes,
  signal: AbortSignal,
): AsyncGenerator<Outcome[]> {
  const query = new URLSearchParams({ service });
  for (const text of fields) query.append("answer", text);
  const path = fields.length === 0 ? "/events" : `/events?${query}`;
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    try {
      const response = await askMesh(options, path, signal);
      const view = new CallersView(service, pinned);
      for await (const lines of orLate(lineBatches(response.body ?? new Blob().stream()), CALLER_WAIT_MS)) {
        const known = lines.flatMap((line) => eventOf(line) ?? []).flatMap((event) => view.add(event));
        const outcomes = [...known, ...view.due(Date.now())];
        if (outcomes.length > 0) yield outcomes;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (isFirst && error instanceof NothingRuns) throw error;
    }
    if (!signal.aborted) await Bun.sleep(LOOK_AGAIN_MS);
  }
}

function eventOf(line: string): ServedEvent | undefined {
  try {
    const event: unknown = JSON.parse(line);
    return Check(MeshEvent, event) && "service" in event ? event : undefined;
  } catch {
    return undefined;
  }
}

/** Yields the batches, and an empty one whenever none has arrived for this many milliseconds. */
async function* orLate<T>(batches: AsyncIterable<T[]>, ms: number): AsyncGenerator<T[]> {
  const iterator = batches[Symbol.asyncIterator]();
  try {
    for (let next = iterator.next(); ;) {
      let timer: Timer | undefined;
      const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), ms)));
      const came = await Promise.race([next, late]);
      clearTimeout(timer);
      if (came === undefined) yield [];
      else if (came.done === true) return;
      else {
        yield came.value;
        next = iterator.next();
      }
    }
  } finally {
    await iterator.return?.();
  }
}
