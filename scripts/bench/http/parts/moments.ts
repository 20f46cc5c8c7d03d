import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { freePort, residentMiB, start, untilAnswers } from "../pinned-process.ts";
import { type Figure, figure, written } from "../report.ts";
import { median } from "../rounds.ts";
import type { BenchContext } from "./context.ts";
import { CREDIT_CHECK_ENV } from "./services.ts";

const REQUESTS = 10_000;
const AT_A_TIME = 32;

/**
 * Measures the time from the start of a service's process to its first answer, for the bundle in its image and for the
 * sources that `dev` runs, and the bundle's memory after many requests.
 */
export async function measureService(context: BenchContext): Promise<Figure[]> {
  const main = "functions/credit-check/main.ts";
  const bundle = join(context.scratch, "bundle");
  const recipe = await readFile(join(context.project, "Dockerfile"), "utf8");
  const flags = /^RUN bun build \S+ (.*) --outdir=/m.exec(recipe)?.[1]?.split(" ");
  if (flags === undefined) throw new Error("the Dockerfile does not say how a function is bundled");
  const build = [process.execPath, "build", main, ...flags, `--outdir=${bundle}`];
  await Bun.spawn(build, { cwd: context.project, stdio: ["ignore", "ignore", "inherit"] }).exited;
  const sources = await measureStarts(context, join(context.project, main));
  const { starts, memory } = await measureStarts(context, join(bundle, "main.js"));
  const note = `as its image has it, median of ${starts.length}; ${written(median(sources.starts), "ms")} from its sources`;
  const figures = [
    figure("start of a service to its first answer", median(starts), "ms", { atMost: 100 }, note),
  ];
  if (memory === undefined) context.skip("memory of a service: this system does not report it in /proc");
  else
    figures.push(
      figure(`memory after ${REQUESTS} requests`, memory, "MiB", { atMost: 64 }, "the credit check"),
    );
  return figures;
}

async function measureStarts(
  context: BenchContext,
  main: string,
): Promise<{ starts: number[]; memory: number | undefined }> {
  const command = [process.execPath, main];
  const starts: number[] = [];
  let memory: number | undefined;
  for (let round = 0; round < context.rounds; round++) {
    context.say(`start of ${basename(main)}: round ${round + 1} of ${context.rounds}`);
    const port = freePort();
    const startedAt = performance.now();
    await using service = start({ command, env: { ...CREDIT_CHECK_ENV, PORT: String(port) } });
    const url = `http://127.0.0.1:${port}/credit-check/report`;
    await untilAnswers(url, service);
    starts.push(performance.now() - startedAt);
    if (round > 0) continue;
    await ask(url, REQUESTS);
    memory = await residentMiB(service.pid);
  }
  return { starts, memory };
}

/** Measures the time from `./kyc dev` to the first answer through the ingress, and from an edit until it is in force. */
export async function measureDev(context: BenchContext): Promise<Figure[]> {
  const root = join(context.scratch, "system");
  await copySystem(context.project, root);
  const begins: number[] = [];
  const edits: number[] = [];
  for (let round = 0; round < context.rounds; round++) {
    context.say(`./kyc dev: round ${round + 1} of ${context.rounds}`);
    await writeSplit(root, 100);
    const port = freePort();
    const startedAt = performance.now();
    await using dev = start({
      command: [
        join(context.project, "kyc"),
        "dev",
        "--dir",
        root,
        "--port",
        String(port),
        "--local-port",
        "0",
      ],
      env: { PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}` },
    });
    await untilAnswers(`http://127.0.0.1:${port}/kyc/v1/customer`, dev);
    begins.push(performance.now() - startedAt);
    for (const percent of [0, 100])
      edits.push(await edit(root, `http://127.0.0.1:${port}/credit-check/report`, percent));
  }
  return [
    figure(
      "./kyc dev to the first answer",
      median(begins),
      "ms",
      { atMost: 1500 },
      `median of ${begins.length}`,
    ),
    figure(
      "an edit to the first request under it",
      median(edits),
      "ms",
      { atMost: 100 },
      `median of ${edits.length}`,
    ),
  ];
}

/** Moves all traffic, and waits for the first request that follows; the milliseconds since the file was written. */
async function edit(root: string, url: string, percent: number): Promise<number> {
  const wanted = percent === 100 ? "credit-check-basic" : "credit-check-advanced";
  // A request beforehand opens the connection, and leaves time since the previous write.
  await Bun.sleep(300);
  await answeredBy(url);
  await writeSplit(root, percent);
  const writtenAt = performance.now();
  while ((await answeredBy(url)) !== wanted) {
    if (performance.now() - writtenAt > 10_000)
      throw new Error(`no request follows the edit of ${root} within 10 s`);
  }
  return performance.now() - writtenAt;
}

async function answeredBy(url: string): Promise<string | undefined> {
  const response = await fetch(url);
  await response.arrayBuffer();
  return response.headers.get("x-kyc-revision") ?? undefined;
}

async function copySystem(project: string, root: string): Promise<void> {
  await mkdir(root, { recursive: true });
  for (const folder of ["knative", "istio"])
    await cp(join(project, folder), join(root, folder), { recursive: true });
  await symlink(join(project, "functions"), join(root, "functions")).catch(ignoreThere);
}

function ignoreThere(error: unknown): void {
  if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
}

async function writeSplit(root: string, basic: number): Promise<void> {
  const file = join(root, "knative/credit-check/2-advanced.yaml");
  const percents = [basic, 100 - basic];
  const text = await readFile(file, "utf8");
  await writeFile(
    file,
    text.replace(/percent: [0-9]+/g, () => `percent: ${percents.shift() ?? 0}`),
  );
}

async function ask(url: string, count: number): Promise<void> {
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await (await fetch(url)).arrayBuffer();
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
}
