import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { PROJECT } from "../../scripts/project.ts";
import { kyc, type RunningDev, startDev } from "../../scripts/commands/testing/kyc-process.ts";
import { steadyLoad } from "../../scripts/load/steady.ts";
import { sampleToRun } from "../sample.ts";

/** The effect of a fault. */
export interface FaultResult {
  fault: string;
  /** Requests during the fault; null if none are sent. */
  sent: number | null;
  failed: number | null;
  /** Observed splits that no command had set. */
  unaccounted: number;
  /** The peak memory of the process concerned, in MiB; null if it is not measured. */
  memoryMb: number | null;
  /** The end, in a few words. */
  ended: string;
  /** Whether the result is as expected. */
  right: boolean;
}

/** A fault to inject. */
export interface Fault {
  name: string;
  /** Why it cannot be injected on this machine; undefined if it can. */
  missing?(): string | undefined;
  run(): Promise<FaultResult>;
}

const FILE = "knative/credit-check/2-advanced.yaml";
const RPS = 40;

/** A mesh from a copy of the sample under load, with all traffic on the basic check at first. */
export interface Stage {
  root: string;
  dev: RunningDev;
  /** Allows a split other than 100/0, in the form of the file: `50/50`. */
  allow(...splits: string[]): void;
  /** Restarts the mesh at the same address after it has ended. */
  restart(): Promise<void>;
  /** Writes the percents into the file. */
  edit(basic: number, advanced: number): Promise<void>;
}

/** The splits of a rollout by `rolloutOf`. */
export const STEPS = ["50/50", "20/80", "0/100"];

/** Runs a fault on a mesh under load, and records failed requests and the splits in the file. */
export async function onMesh(
  fault: string,
  during: (stage: Stage) => Promise<{ ended: string; right: boolean }>,
  program?: string[],
): Promise<FaultResult> {
  await using sample = await sampleToRun([
    { file: FILE, from: /percent: 50([\s\S]*)percent: 50/, to: "percent: 100$1percent: 0" },
  ]);
  const { root } = sample;
  let dev = await startDev(["--dir", root], program);
  const allowed = new Set(["100/0"]);
  const unaccounted = new Set<string>();
  const counts = { sent: 0, failed: 0 };
  let memoryMb = 0;
  const end = new AbortController();
  const port = new URL(dev.ingress).port;
  const url = `${dev.ingress}/kyc/v1/customer`;
  // The first request starts the revisions.
  await until(async () => (await fetch(url)).status === 200);
  const load = steadyLoad({
    url,
    rps: RPS,
    signal: end.signal,
    timeoutMs: 20_000,
    onResult({ status }) {
      counts.sent++;
      if (status !== 200) counts.failed++;
    },
  });
  const watching = (async () => {
    while (!end.signal.aborted) {
      const split = await splitIn(root);
      if (split !== undefined && !allowed.has(split)) unaccounted.add(split);
      memoryMb = Math.max(memoryMb, (await peakMemoryMb(dev.pid)) ?? 0);
      await Bun.sleep(50);
    }
  })();
  const stage: Stage = {
    root,
    get dev() {
      return dev;
    },
    allow: (...splits) => splits.forEach((split) => allowed.add(split)),
    async restart() {
      await dev.exited;
      dev = await startDev(["--dir", root, "--port", port], program);
    },
    async edit(basic, advanced) {
      const path = join(root, FILE);
      const percents = [basic, advanced];
      const text = await readFile(path, "utf8");
      await Bun.write(
        path,
        text.replaceAll(/percent: \d+/g, () => `percent: ${percents.shift()}`),
      );
    },
  };
  try {
    await until(() => counts.sent - counts.failed > 20);
    counts.sent = counts.failed = 0;
    const result = await during(stage);
    end.abort();
    await load;
    return { fault, ...counts, unaccounted: unaccounted.size, memoryMb: Math.round(memoryMb), ...result };
  } finally {
    end.abort();
    await Promise.all([load, watching]);
    await dev[Symbol.asyncDispose]();
  }
}

/** The percents in the file as `basic/advanced`; undefined while it is being written. */
export async function splitIn(root: string): Promise<string | undefined> {
  const text = await readFile(join(root, FILE), "utf8").catch(() => "");
  const percents = [...text.matchAll(/percent: (\d+)/g)].map(([, percent = ""]) => percent);
  return percents.length === 2 ? percents.join("/") : undefined;
}

/** Starts a rollout to the advanced check, and waits until it judges at 50 %. */
export async function rolloutOf(
  stage: Stage,
  ...more: string[]
): Promise<Bun.Subprocess<"ignore", "pipe", "pipe">> {
  stage.allow(...STEPS);
  const flags = [
    "--steps",
    "50,100",
    "--step-time",
    "5s",
    "--bake",
    "4s",
    "--look",
    "1s",
    "--latency-floor",
    "5s",
  ];
  const child = Bun.spawn(
    [
      process.execPath,
      join(PROJECT, "scripts/kyc.ts"),
      "rollout",
      "credit-check",
      "--to",
      "advanced",
      ...flags,
      "--dir",
      stage.root,
      ...more,
    ],
    { stdin: "ignore", stdout: "pipe", stderr: "pipe" },
  );
  await until(async () => (await splitIn(stage.root)) === "50/50" || child.exitCode !== null);
  await Bun.sleep(1_000);
  return child;
}

/** Continues the rollout, and returns its end and the remaining split. */
export async function resumed(stage: Stage): Promise<string> {
  const { code } = await kyc("rollout", "credit-check", "--resume", "--dir", stage.root);
  return `resumed, exit ${code}, ${await splitIn(stage.root)}`;
}

/** All descendants of a process. */
export async function descendants(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  const children = text.trim().split(" ").filter(Boolean).map(Number);
  return [...children, ...(await Promise.all(children.map(descendants))).flat()];
}

/** The peak memory of a process so far, in MiB; undefined if it has ended. */
export async function peakMemoryMb(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const kb = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kb === undefined ? undefined : Number(kb) / 1_024;
}

/** Waits until a condition holds. @throws Error after a minute */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 60_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within a minute: ${holds}`);
    await Bun.sleep(50);
  }
}
