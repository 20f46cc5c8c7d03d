import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import Type, { type Static } from "typebox";
import { Check } from "typebox/schema";
import { ADMIN_PATH } from "./schema.ts";

/** What a running `dev` writes down, so that other commands find it. */
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

/** Where it is written, below the folder that the mesh runs from. */
function devFile(root: string): string {
  return join(root, ".kyc", "dev.json");
}

/**
 * Writes down that a mesh runs. Of two that run from one folder the first one stays the one that is found.
 * @returns how to take it back, at the end; may be called while the process exits
 */
export async function announceMesh(mesh: RunningMesh): Promise<() => void> {
  const path = devFile(mesh.root);
  const other = await findMesh(mesh.root);
  if (other !== undefined && other.pid !== mesh.pid && (await answers(other))) return () => {};
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(mesh)}\n`);
  return () => {
    if (parsed(readText(path))?.pid === mesh.pid) rmSync(path, { force: true });
  };
}

/** The mesh that runs from a folder, as it wrote it down; undefined when none does. */
export async function findMesh(root: string): Promise<RunningMesh | undefined> {
  const mesh = parsed(await readFile(devFile(root), "utf8").catch(() => ""));
  return mesh !== undefined && isAlive(mesh.pid) ? mesh : undefined;
}

/** What is written there, where it is what a mesh writes. */
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
    // It is there, and somebody else's.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Whether it is a mesh that has this number now, and not another process that got it since. */
async function answers({ port }: RunningMesh): Promise<boolean> {
  const signal = AbortSignal.timeout(ANSWERS_WITHIN_MS);
  const response = await fetch(`http://127.0.0.1:${port}${ADMIN_PATH}/state`, { signal }).catch(
    () => undefined,
  );
  await response?.body?.cancel();
  return response?.ok === true;
}
