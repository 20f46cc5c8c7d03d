import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import Type, { type Static } from "typebox";
import { Check } from "typebox/schema";
import { ADMIN_PATH, MeshProcess } from "./schema.ts";

/** The contents of `.kyc/dev.json`, by which other commands find a running `dev`. */
export const RunningMesh = Type.Object({
  /** The ingress gateway on 127.0.0.1; the mesh's own paths are there too. */
  port: Type.Integer({ minimum: 1, maximum: 65535 }),
  localPort: Type.Integer({ minimum: 1, maximum: 65535 }),
  pid: Type.Integer({ minimum: 1 }),
  /** The folder that holds `knative`, `istio` and `functions`. */
  root: Type.String({ minLength: 1 }),
});

export type RunningMesh = Static<typeof RunningMesh>;

const ANSWERS_WITHIN_MS = 1_000;

/** The file's path, below the folder that the mesh runs from. */
function devFile(root: string): string {
  return join(root, ".kyc", "dev.json");
}

/**
 * Writes the file for a mesh. If two meshes run from one folder, the first remains the one that is found.
 * @returns a function that removes the file; it is synchronous, so that it can run during the exit of the process
 */
export async function announceMesh(mesh: RunningMesh): Promise<() => void> {
  const path = devFile(mesh.root);
  const other = await findMesh(mesh.root);
  if (other !== undefined && other.pid !== mesh.pid) return () => {};
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(mesh)}\n`);
  return () => {
    if (parsed(readText(path))?.pid === mesh.pid) rmSync(path, { force: true });
  };
}

/**
 * Returns the mesh that runs from a folder, or undefined. The file of a killed mesh is ignored, even if another
 * process has its id or port: the mesh must confirm its process id and folder.
 */
export async function findMesh(root: string): Promise<RunningMesh | undefined> {
  const mesh = parsed(await readFile(devFile(root), "utf8").catch(() => ""));
  if (mesh === undefined || !isAlive(mesh.pid)) return undefined;
  return (await confirms(mesh)) ? mesh : undefined;
}

function parsed(text: string): RunningMesh | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Check(RunningMesh, value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: the process exists and belongs to another user.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

async function confirms({ port, pid, root }: RunningMesh): Promise<boolean> {
  const url = `http://127.0.0.1:${port}${ADMIN_PATH}/process`;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWERS_WITHIN_MS), redirect: "manual" });
    const answer: unknown = await response.json();
    return response.ok && Check(MeshProcess, answer) && answer.pid === pid && answer.root === root;
  } catch {
    return false;
  }
}
