import { Compile, type Validator } from "typebox/schema";
import { NothingRuns } from "../../traffic/split/split.ts";
import { findMesh } from "./dev-file.ts";
import { ADMIN_PATH, MeshState, type ServiceState } from "./schema.ts";

/** How to reach the mesh that runs from a folder. */
export interface RunningMeshOptions {
  root: string;
  /** @default fetch */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

const ANSWERS_WITHIN_MS = 5_000;
const START = "start it with ./kyc dev";

/**
 * Requests one of the mesh's own paths from the mesh that serves a folder.
 * @throws NothingRuns if none runs, or it does not answer
 */
export async function askMesh(
  { root, fetch: get = fetch }: RunningMeshOptions,
  path: string,
  signal: AbortSignal,
): Promise<Response> {
  const mesh = await findMesh(root);
  if (mesh === undefined) throw new NothingRuns(`No local mesh runs from ${root}: ${START}.`);
  const url = `http://127.0.0.1:${mesh.port}${ADMIN_PATH}${path}`;
  const response = await get(url, { signal }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new NothingRuns(`The local mesh on port ${mesh.port} does not answer: ${START}.`, { cause: error });
  });
  if (response.ok) return response;
  await response.body?.cancel();
  throw new NothingRuns(`${url} answers ${response.status}, which no mesh of this version does: ${START}.`);
}

/** Created for the first state: without it, checking the state of a thousand revisions takes a second. */
let compiled: Validator<typeof MeshState> | undefined;

/** Returns the state of the running mesh. @throws NothingRuns */
export async function readMeshState(options: RunningMeshOptions, signal: AbortSignal): Promise<MeshState> {
  const response = await askMesh(options, "/state", signal);
  const state: unknown = await response.json().catch(() => undefined);
  compiled ??= Compile(MeshState);
  if (!compiled.Check(state))
    throw new NothingRuns(`The local mesh that runs is of another version: end it, and ${START}.`);
  return state;
}

/** As `readMeshState`, but undefined if no mesh runs. */
export async function findMeshState(options: RunningMeshOptions): Promise<MeshState | undefined> {
  return readMeshState(options, AbortSignal.timeout(ANSWERS_WITHIN_MS)).catch((error: unknown) => {
    if (error instanceof NothingRuns) return undefined;
    throw error;
  });
}

/** A service of the running mesh. */
export function serviceOf(state: MeshState, name: string): ServiceState | undefined {
  return state.services.find((service) => service.name === name);
}
