import { Check } from "typebox/schema";
import { NothingRuns, type Outcome } from "../../traffic/engine.ts";
import { MeshEvent, type ServedEvent } from "../../mesh/admin/schema.ts";
import { askMesh, type RunningMeshOptions } from "../../mesh/admin/running-mesh.ts";

const LOOK_AGAIN_MS = 500;

/**
 * What becomes of the requests that the split of a service decides, as the running mesh tells it; requests that are
 * pinned to a revision are left out, for their number says nothing about the split. A mesh that ends is waited for.
 * @throws NothingRuns when none runs at first
 */
export async function* meshOutcomes(
  options: RunningMeshOptions,
  service: string,
  signal: AbortSignal,
): AsyncGenerator<Outcome[]> {
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    try {
      const response = await askMesh(options, "/events", signal);
      for await (const lines of linesOf(response)) {
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

/** The lines of a response, as many at a time as have come. */
async function* linesOf({ body }: Response): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body ?? []) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield lines;
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
