import { count, counted, digits, percent, rate } from "../../format.ts";
import { join } from "node:path";
import { readdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { steadyLoad } from "../../load/steady.ts";
import { freePort, residentMiB, start, untilAnswers } from "./pinned-process.ts";
import { median } from "./rounds.ts";

export interface SoakOptions {
  project: string;
  /** The duration of the load, in seconds. */
  seconds: number;
  /** The load: requests per second, or a share of the most that is measured before. */
  load: { rps: number } | { share: number };
  signal: AbortSignal;
  say(text: string): void;
}

/** The result of a soak, as `-o json` prints it. */
export interface SoakReport {
  /** The maximum rate of the system; null if the rate was given. */
  mostRps: number | null;
  rps: number;
  seconds: number;
  requests: number;
  failed: number;
  /** The reasons of the first failures. */
  reasons: string[];
  /** The memory of each process in MiB: the median of the second fifth of the time, after the warm-up, and of the last. */
  memory: { process: string; before: number; after: number; growth: number }[];
  /** Whether no request failed and no process grew by more than 5 %. */
  passed: boolean;
}

const MEASURE_SECONDS = 10;
const MOST_GROWTH = 0.05;
const CONNECTIONS = 32;

/**
 * Runs the whole system as `./kyc dev` does under a steady load for a long time, and monitors its memory.
 * @throws when the system does not start
 */
export async function soak({ project, seconds, load, signal, say }: SoakOptions): Promise<SoakReport> {
  const port = freePort();
  await using dev = start({
    command: [join(project, "kyc"), "dev", "--port", String(port), "--local-port", "0"],
    env: { PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}` },
  });
  const url = `http://127.0.0.1:${port}/kyc/v1/customer`;
  await untilAnswers(url, dev);
  let mostRps: number | null = null;
  if ("share" in load) {
    say(`measuring the most that the system answers, for ${2 * MEASURE_SECONDS} s`);
    mostRps = await most(url);
  }
  const rps = "rps" in load ? load.rps : Math.max(1, Math.floor((mostRps ?? 0) * load.share));
  const samples = new Map<number, { name: string; mib: number[] }>();
  const report = { requests: 0, failed: 0, reasons: [] as string[] };
  const ended = new AbortController();
  const stop = setTimeout(() => ended.abort(), seconds * 1000);
  const startedAt = performance.now();
  const watch = setInterval(() => {
    void sampleMemory(dev.pid, samples);
    const s = Math.round((performance.now() - startedAt) / 1000);
    if (s % 10 === 0) say(`${s} of ${seconds} s: ${report.requests} requests, ${report.failed} failed`);
  }, 1000);
  await steadyLoad({
    url,
    rps,
    signal: AbortSignal.any([signal, ended.signal]),
    onResult({ status, error }) {
      report.requests++;
      if (status === 200) return;
      report.failed++;
      if (report.reasons.length < 5) report.reasons.push(error ?? `status ${status}`);
    },
  });
  clearInterval(watch);
  clearTimeout(stop);
  const lasting = Math.max(0, ...[...samples.values()].map(({ mib }) => mib.length));
  const memory = [...samples.values()]
    // Processes that scaling started and stopped in between ran too briefly to show growth.
    .filter(({ mib }) => mib.length > lasting / 2)
    .flatMap(({ name, mib }) => growthOf(name, mib));
  const passed =
    report.failed === 0 && memory.length > 0 && memory.every(({ growth }) => growth <= MOST_GROWTH);
  const lasted = Math.round((performance.now() - startedAt) / 1000);
  return { mostRps, rps, seconds: lasted, ...report, memory, passed };
}

/**
 * The rate that the system sustains, in responses per second. First measures a few callers in a closed loop, then sends
 * that rate in an open loop like the following load, and counts the responses: an open loop costs the sender more, which
 * shares the processors.
 */
async function most(url: string): Promise<number> {
  const startedAt = performance.now();
  let answers = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() - startedAt < MEASURE_SECONDS * 1000) {
      const response = await fetch(url);
      await response.arrayBuffer();
      answers++;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  const atMost = Math.ceil(answers / ((performance.now() - startedAt) / 1000));
  const signal = AbortSignal.timeout(MEASURE_SECONDS * 1000);
  let inTime = 0;
  await steadyLoad({
    url,
    rps: atMost,
    signal,
    onResult: ({ status }) => {
      if (status === 200 && !signal.aborted) inTime++;
    },
  });
  return Math.min(atMost, inTime / MEASURE_SECONDS);
}

/** The growth between the second fifth, after the warm-up, and the last one; undefined if there are too few samples. */
function growthOf(process: string, mib: readonly number[]): SoakReport["memory"] {
  const fifth = Math.floor(mib.length / 5);
  if (fifth < 2) return [];
  const before = median(mib.slice(fifth, 2 * fifth));
  const after = median(mib.slice(-fifth));
  return [{ process, before, after, growth: after / before - 1 }];
}

async function sampleMemory(root: number, into: Map<number, { name: string; mib: number[] }>): Promise<void> {
  for (const pid of await family(root)) {
    const mib = await residentMiB(pid);
    if (mib === undefined) continue;
    const known = into.get(pid) ?? { name: await nameOf(pid), mib: [] };
    known.mib.push(mib);
    into.set(pid, known);
  }
}

/** A process and its descendants. */
async function family(root: number): Promise<number[]> {
  const tasks = await readdir(`/proc/${root}/task`).catch(() => []);
  const lists = await Promise.all(
    tasks.map((task) => readFile(`/proc/${root}/task/${task}/children`, "utf8").catch(() => "")),
  );
  const children = lists.flatMap((list) => list.split(" ").filter(Boolean).map(Number));
  return [root, ...(await Promise.all(children.map(family))).flat()];
}

/** The revision of a process, or its command. */
async function nameOf(pid: number): Promise<string> {
  const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
  const revision = /(?:^|\0)K_REVISION=([^\0]+)/.exec(environment)?.[1];
  return revision ?? "the mesh";
}

/** Draws a soak as text. */
export function drawSoak(report: SoakReport): string {
  const width = Math.max(0, ...report.memory.map(({ process }) => process.length));
  const memory = report.memory.map(({ process, before, after, growth }) => {
    const sign = growth < 0 ? "−" : "+";
    return `  ${process.padEnd(width)}  ${digits(before)} → ${digits(after)} MiB  ${sign}${percent(Math.abs(growth))}`;
  });
  const { mostRps, rps } = report;
  const share = mostRps === null ? "" : ` (${percent(rps / mostRps)} of ${rate(mostRps)})`;
  return [
    `${report.passed ? "passed" : "FAILED"}: ${counted(report.requests, "request")} in ${report.seconds} s at ${rate(rps)}${share}, ${count(report.failed)} failed`,
    ...report.reasons.map((reason) => `  ${reason}`),
    "memory, once warm and at the end",
    ...memory,
  ].join("\n");
}
