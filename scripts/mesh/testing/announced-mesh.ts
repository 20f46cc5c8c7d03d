import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunningMesh } from "../admin/dev-file.ts";

/**
 * Simulates a mesh that runs from a folder: a server that confirms its process, and the file that names it.
 * @param pid the process id that the server reports
 */
export async function announcedMesh(root: string, pid = process.pid): Promise<RunningMesh & AsyncDisposable> {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => Response.json({ pid, root }) });
  const { port = 0 } = server;
  const mesh = { port, localPort: port, pid, root };
  await mkdir(join(root, ".kyc"), { recursive: true });
  await writeFile(join(root, ".kyc", "dev.json"), JSON.stringify(mesh));
  return { ...mesh, [Symbol.asyncDispose]: () => server.stop(true) };
}
