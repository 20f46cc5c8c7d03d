import { Check } from "typebox/schema";
import { didYouMean } from "../../nearest.ts";
import { lineBatches } from "../../text/lines.ts";
import { UnknownService } from "../../traffic/split/split.ts";
import { askMesh, readMeshState, type RunningMeshOptions, serviceOf } from "./running-mesh.ts";
import { OutputEvent, type OutputLine } from "./event-schema.ts";

/** The selection of the running mesh's output. */
export interface MeshLogsOptions {
  /** All services when undefined. */
  service: string | undefined;
  /** By name or tag; all when undefined. */
  revision: string | undefined;
  /** The number of earlier lines of each revision. */
  tail: number;
  /** Whether to continue with later lines until the signal is aborted or the mesh ends. */
  follow: boolean;
  signal: AbortSignal;
}

/**
 * Reads the output of the running mesh's revisions in chronological order.
 * @returns the number of lines
 * @throws NothingRuns if no mesh runs; UnknownService for an unknown service or revision
 */
export async function readMeshLogs(
  mesh: RunningMeshOptions,
  { service, revision, tail, follow, signal }: MeshLogsOptions,
  onLine: (line: OutputLine) => void,
): Promise<number> {
  const state = await readMeshState(mesh, signal);
  const found = service === undefined ? undefined : serviceOf(state, service);
  if (service !== undefined && found === undefined) {
    const names = state.services.map(({ name }) => name);
    throw new UnknownService(`The local mesh has no service ${service}: ${didYouMean(service, names)}`);
  }
  const revisions = (found === undefined ? state.services : [found]).flatMap((each) => each.revisions);
  const named = revisions.find(({ name, tags }) => name === revision || tags.includes(revision ?? ""));
  if (revision !== undefined && named === undefined) {
    const names = revisions.flatMap(({ name, tags }) => [name, ...tags]);
    throw new UnknownService(`There is no revision ${revision}: ${didYouMean(revision, names)}`);
  }
  const query = new URLSearchParams({ tail: String(tail) });
  if (service !== undefined) query.set("service", service);
  if (named !== undefined) query.set("revision", named.name);
  if (follow) query.set("follow", "");
  let count = 0;
  try {
    const { body } = await askMesh(mesh, `/logs?${query}`, signal);
    for await (const lines of lineBatches(body ?? new Blob().stream())) {
      for (const text of lines) {
        const line: unknown = JSON.parse(text);
        if (!Check(OutputEvent, line) || "end" in line) continue;
        onLine(line);
        count++;
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return count;
}
