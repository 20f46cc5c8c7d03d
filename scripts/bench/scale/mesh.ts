import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CORES, freePort, type Pinned, residentMiB, start, untilAnswers } from "../http/pinned-process.ts";
import { findGenerator } from "../http/load/load.ts";
import { median } from "../http/rounds.ts";
import type { Curve } from "./report.ts";
import { fileOf, manyRevisions, manyRules, manyVirtualServices, rulePath } from "./systems.ts";

/** The context of a run. */
export interface ScaleContext {
  /** The repository. */
  project: string;
  scratch: string;
  rounds: number;
  sizes: readonly number[];
  say(text: string): void;
}

const SECONDS = 1.5;
const CONNECTIONS = 16;
const STARTS_WITHIN_MS = 120_000;

interface RunningMesh {
  size: number;
  root: string;
  url: string;
  process: Pinned;
}

/** Requests per second of a mesh with a number of VirtualServices, and with as many rules, always for the last one. */
export async function throughput(context: ScaleContext): Promise<Curve[]> {
  const hosts = await measureThroughput(context, "VirtualServices", manyVirtualServices, () => "/");
  const rules = await measureThroughput(context, "rules of one VirtualService", manyRules, (size) =>
    rulePath(size - 1),
  );
  return [...hosts, rules[0]].flatMap((curve) => curve ?? []);
}

async function measureThroughput(
  context: ScaleContext,
  of: string,
  write: (root: string, size: number) => Promise<void>,
  path: (size: number) => string,
): Promise<Curve[]> {
  const { sizes, rounds, say } = context;
  const generator = await findGenerator();
  await using running = new AsyncDisposableStack();
  const meshes: RunningMesh[] = [];
  for (const size of sizes) {
    say(`mesh: starting with ${size} ${of}`);
    meshes.push(
      await startMesh(context, running, `${of.replaceAll(" ", "-")}-${size}`, size, write, path(size)),
    );
  }
  const rates = new Map(meshes.map(({ size }): [number, number[]] => [size, []]));
  // The first round warms up. Sizes alternate, so that other load affects all of them alike.
  for (let round = 0; round <= rounds; round++) {
    say(`mesh: ${of}, round ${round} of ${rounds}`);
    for (const { size, url } of meshes) {
      const { rps, failed } = await generator.run({ url, seconds: SECONDS, connections: CONNECTIONS });
      if (failed > 0) throw new Error(`${failed} requests to a mesh with ${size} ${of} failed`);
      if (round > 0) rates.get(size)?.push(rps);
    }
  }
  const points = sizes.map((size) => ({ size, value: median(rates.get(size) ?? []) }));
  const curves: Curve[] = [{ name: "requests through the local mesh", of, unit: "requests/s", points }];
  if (write !== manyVirtualServices) return curves;
  const memory: Curve = { name: "memory of the local mesh", of, unit: "MiB", points: [] };
  const edits: Curve = { name: "an edit of one file until it is in force", of, unit: "ms", points: [] };
  for (const mesh of meshes) {
    memory.points.push({ size: mesh.size, value: (await residentMiB(mesh.process.pid)) ?? 0 });
    say(`mesh: editing one of ${mesh.size} files`);
    edits.points.push({ size: mesh.size, value: await editTime(mesh, rounds) });
  }
  return [...curves, edits, memory];
}

async function editTime({ root, size, url }: RunningMesh, rounds: number): Promise<number> {
  const path = join(root, "istio", fileOf(size - 1));
  const times: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const answer = `edit ${round}`;
    const text = (await readFile(path, "utf8")).replace(/string: [^}]*/, `string: ${answer}`);
    const began = performance.now();
    await writeFile(path, text);
    while ((await (await fetch(url)).text()) !== answer) {
      if (performance.now() - began > STARTS_WITHIN_MS) throw new Error(`an edit of ${path} is not in force`);
      await Bun.sleep(2);
    }
    if (round > 0) times.push(performance.now() - began);
  }
  return median(times);
}

/** The time until `dev` answers, with a number of revisions at zero. */
export async function startTime(context: ScaleContext, sizes: readonly number[]): Promise<Curve> {
  const points: Curve["points"] = [];
  for (const size of sizes) {
    context.say(`dev: starting with ${size} revisions at zero`);
    const times: number[] = [];
    for (let round = 0; round < context.rounds; round++) {
      await using running = new AsyncDisposableStack();
      const began = performance.now();
      await startMesh(context, running, `revisions-${size}`, size, manyRevisions, "/_mesh/state", round > 0);
      times.push(performance.now() - began);
    }
    points.push({ size, value: median(times) });
  }
  return { name: "./kyc dev until it answers", of: "revisions at zero", unit: "ms", points };
}

async function startMesh(
  { project, scratch }: ScaleContext,
  running: AsyncDisposableStack,
  folder: string,
  size: number,
  write: (root: string, size: number) => Promise<void>,
  path: string,
  isWritten = false,
): Promise<RunningMesh> {
  const root = join(scratch, folder);
  if (!isWritten) await write(root, size);
  const port = freePort();
  const url = `http://127.0.0.1:${port}${path}`;
  const kyc = join(project, "scripts/kyc.ts");
  const command = [process.execPath, kyc, "dev", "--dir", root, "--port", String(port), "--local-port", "0"];
  const process_ = running.use(start({ command, core: CORES.measured }));
  await untilAnswers(url, process_, STARTS_WITHIN_MS);
  return { size, root, url, process: process_ };
}
