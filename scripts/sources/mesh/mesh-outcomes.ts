import { Check } from "typebox/schema";
import { lineBatches } from "../../text/lines.ts";
import { NothingRuns } from "../../traffic/split/split.ts";
import { MeshEvent, type ServedEvent } from "../../mesh/admin/schema.ts";
import { askMesh, findMeshState, type RunningMeshOptions, serviceOf } from "../../mesh/admin/running-mesh.ts";
import type { Outcome, OutcomeSource } from "../source.ts";

const LOOK_AGAIN_MS = 500;
// The mesh gathers events for 20 ms before it sends them; the rest is for a busy machine.
const LAG_MS = 250;

/** The outcomes of a service by the mesh that runs from a folder. */
export function meshSource(options: RunningMeshOptions, service: string): OutcomeSource {
  return {
    name: "mesh",
    place: "the local mesh",
    lagMs: LAG_MS,
    outcomes: (signal) => meshOutcomes(options, service, signal),
    async observed() {
      const state = await findMeshState(options);
      const split = state && serviceOf(state, service)?.splits.find(({ deciding }) => deciding);
      const counts = split?.observed.revisions.map(({ revision, count }) => [revision, count] as const);
      return split && { sinceMs: split.observed.sinceMs, counts: new Map(counts) };
    },
  };
}

/**
 * The outcomes of the requests that the split of a service decides. Requests that are pinned to a revision are left
 * out: their number does not depend on the split. A mesh that ends is waited for.
 * @throws NothingRuns when none runs at first
 */
async function* meshOutcomes(
  options: RunningMeshOptions,
  service: string,
  signal: AbortSignal,
): AsyncGenerator<Outcome[]> {
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    try {
      const response = await askMesh(options, "/events", signal);
      for await (const lines of lineBatches(response.body ?? new Blob().stream())) {
        const outcomes = lines.flatMap((line) => outcomesOf(line, service));
        if (outcomes.length > 0) yield outcomes;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (isFirst && error instanceof NothingRuns) throw error;
    }
    if (!signal.aborted) await Bun.sleep(LOOK_AGAIN_MS);
  }
}

function outcomesOf(line: string, service: string): Outcome[] {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch {
    return [];
  }
  if (!Check(MeshEvent, event) || !("service" in event)) return [];
  return event.service === service && event.split !== null ? [outcomeOf(event)] : [];
}

function outcomeOf({ t, revision, status, ms, cold, broken }: ServedEvent): Outcome {
  const isCallers = broken === "client" || (status >= 400 && status < 500);
  return {
    atMs: t,
    revision: revision ?? undefined,
    ok: isCallers || (broken === null && status > 0 && status < 500),
    ms,
    count: 1,
    excluded: isCallers ? "caller" : cold ? "cold start" : undefined,
  };
}
