import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { BenchContext } from "./context.ts";

/** A framework to compare with: its name and command. */
export interface Peer {
  name: string;
  command: string[];
}

/**
 * Installs the frameworks once in a separate folder, because the project does not need them otherwise. Frameworks that
 * cannot be installed, without a network or without Node.js, are skipped.
 */
export async function installPeers(context: BenchContext): Promise<Peer[]> {
  const folder = join(context.project, ".kyc", "bench-peers");
  const sources = join(context.project, "scripts", "bench", "http", "peers");
  await mkdir(folder, { recursive: true });
  await cp(sources, folder, { recursive: true });
  const child = Bun.spawn(
    [process.execPath, "install", "--frozen-lockfile", "--no-progress", "--no-summary"],
    {
      cwd: folder,
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
    },
  );
  const [complaints, code] = await Promise.all([child.stderr.text(), child.exited]);
  if (code !== 0) {
    context.skip(`Hono, Fastify and Express: they could not be installed (${lastLine(complaints)})`);
    return [];
  }
  const peers: Peer[] = [{ name: "Hono on Bun", command: [process.execPath, join(folder, "hono.mjs")] }];
  const node = Bun.which("node");
  if (node === null) {
    context.skip("Fastify and Express: Node.js is not installed");
    return peers;
  }
  return [
    ...peers,
    { name: "Fastify on Node", command: [node, join(folder, "fastify.mjs")] },
    { name: "Express on Node", command: [node, join(folder, "express.mjs")] },
  ];
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
