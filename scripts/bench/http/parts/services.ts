import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CORES, freePort, type Pinned, start, untilAnswers } from "../pinned-process.ts";
import { type Comparison, type Figure, figure } from "../report.ts";
import { interleave, ratio, type SideResult } from "../rounds.ts";
import { type BenchContext, sample, warmUp } from "./context.ts";
import { installPeers } from "./peers.ts";

/** A side of a comparison. */
export interface Side {
  name: string;
  command: string[];
  env?: Readonly<Record<string, string>>;
}

export const RAW = "raw Bun.serve";
export const RAW_HOP = "raw Bun.serve + fetch";
const OURS = "ours";

/** The variables that Knative would set, such as `K_SERVICE`. */
const knative = (service: string, revision: string): Record<string, string> => ({
  HOST: "127.0.0.1",
  K_SERVICE: service,
  K_REVISION: revision,
  K_CONFIGURATION: service,
});

/** The command and environment of a single credit check. */
export const CREDIT_CHECK_ENV = {
  ...knative("credit-check", "credit-check-basic"),
  CREDIT_CHECK_VARIANT: "basic",
};

/** Compares the credit check with bare Bun and with other frameworks that do the same work. */
export async function compareCreditChecks(
  context: BenchContext,
): Promise<{ comparison: Comparison; figures: Figure[] }> {
  const { project } = context;
  const peers = await installPeers(context);
  const path = "/credit-check/report";
  const sides: Side[] = [
    { name: RAW, command: [process.execPath, join(project, "scripts/bench/http/parts/raw-check.ts")] },
    {
      name: OURS,
      command: [process.execPath, join(project, "functions/credit-check/main.ts")],
      env: CREDIT_CHECK_ENV,
    },
    ...peers,
  ];
  const results = await compare(context, "credit check", sides, path);
  const [raw, ours, ...others] = results as [SideResult, SideResult, ...SideResult[]];
  const best = others.reduce<SideResult | undefined>(
    (a, b) => (a === undefined || b.median.rps > a.median.rps ? b : a),
    undefined,
  );
  return {
    comparison: { title: "Credit check, requests a second of one processor", sides: results },
    figures: [...againstRaw("credit check", ours, raw), ...(best === undefined ? [] : [ahead(ours, best)])],
  };
}

/** Compares the aggregator, which makes one call per request, with Bun's bare server and client. */
export async function compareAggregators(
  context: BenchContext,
): Promise<{ comparison: Comparison; figures: Figure[] }> {
  const { project } = context;
  const port = freePort();
  await using upstream = start({
    command: [process.execPath, join(project, "scripts/bench/http/parts/raw-check.ts")],
    core: CORES.load,
    env: { PORT: String(port) },
  });
  const CREDIT_CHECK_URL = `http://127.0.0.1:${port}`;
  await untilAnswers(`${CREDIT_CHECK_URL}/credit-check/report`, upstream);
  const sides: Side[] = [
    {
      name: RAW_HOP,
      command: [process.execPath, join(project, "scripts/bench/http/parts/raw-hop.ts")],
      env: { CREDIT_CHECK_URL },
    },
    {
      name: OURS,
      command: [process.execPath, join(project, "functions/kyc-aggregator/main.ts")],
      env: { ...knative("kyc-aggregator", "kyc-aggregator-00001"), CREDIT_CHECK_URL },
    },
  ];
  const results = await compare(context, "aggregator", sides, "/kyc/v1/customer");
  const [raw, ours] = results as [SideResult, SideResult];
  return {
    comparison: {
      title: "Aggregator with one call behind it, requests a second of one processor",
      sides: results,
    },
    figures: againstRaw("aggregator", ours, raw),
  };
}

/** The number of listed persons. */
const LISTED = 2000;

/** Compares a credit check of an applicant with `Bun.serve` that does only the same screening. */
export async function compareScreenings(
  context: BenchContext,
): Promise<{ comparison: Comparison; figures: Figure[] }> {
  const { project, scratch } = context;
  const WATCH_LISTS = join(scratch, "persons.csv");
  await writeFile(WATCH_LISTS, listOf(LISTED));
  const sides: Side[] = [
    {
      name: "raw Bun.serve, the same screening",
      command: [process.execPath, join(project, "test/bench/raw-screening.ts")],
      env: { WATCH_LISTS },
    },
    {
      name: OURS,
      command: [process.execPath, join(project, "functions/credit-check/main.ts")],
      env: {
        ...knative("credit-check", "credit-check-advanced"),
        CREDIT_CHECK_VARIANT: "advanced",
        WATCH_LISTS,
      },
    },
  ];
  const body = JSON.stringify({ applicantId: "A-1", name: "Anna Maria Eriksson", nationality: "SE" });
  const results = await compare(context, "screening", sides, "/credit-check/report", body);
  const [raw, ours] = results as [SideResult, SideResult];
  return {
    comparison: {
      title: `POST with a screening against ${LISTED} persons, requests a second of one processor`,
      sides: results,
    },
    figures: againstRaw("POST with screening", ours, raw),
  };
}

/** A plain list of generated names, the same each time. */
function listOf(persons: number): string {
  const given = ["Ivan", "Maria", "Omar", "Elena", "Chen", "Fatima", "Jonas", "Aisha", "Pavel", "Lucia"];
  const family = ["Petrov", "Haddad", "Silva", "Novak", "Okafor", "Larsen", "Moreau", "Tanaka", "Eriksen"];
  const lines = Array.from({ length: persons }, (_, i) => {
    const name = `${given[i % 10]} ${given[Math.floor(i / 10) % 10]} ${family[i % 9]}${"abcdefghij"[Math.floor(i / 90) % 10]}`;
    return `sanctions,${name},,19${50 + (i % 50)},`;
  });
  return ["list,name,aliases,dateOfBirth,nationality", ...lines, ""].join("\n");
}

/** Measures sides in turn in each round, each warmed up and pinned to one processor. */
export async function compare(
  context: BenchContext,
  what: string,
  sides: readonly Side[],
  path: string,
  body?: string,
): Promise<SideResult[]> {
  await using running = new AsyncDisposableStack();
  const started: { url: string; process: Pinned }[] = [];
  for (const { name, command, env = {} } of sides) {
    const port = freePort();
    const log = join(context.scratch, `${what}-${name}.log`);
    const process = running.use(
      start({ command, core: CORES.measured, env: { ...env, PORT: String(port) }, log }),
    );
    const url = `http://127.0.0.1:${port}${path}`;
    await untilAnswers(url, process);
    started.push({ url, process });
  }
  for (const [i, { url }] of started.entries()) {
    context.say(`${what}: warming up ${sides[i]?.name}`);
    await warmUp(context, url, body);
  }
  // Awaited here, because the sides end with this scope.
  return await interleave(
    sides.map(({ name }) => name),
    context.rounds,
    (side, round) => {
      context.say(`${what}: round ${round + 1} of ${context.rounds}, ${sides[side]?.name}`);
      const { url, process } = started[side] as (typeof started)[number];
      return sample(context, url, process.pid, { body }).catch((error: unknown) => {
        throw new Error(`${sides[side]?.name}: ${process.complaints()}`, { cause: error });
      });
    },
  );
}

function againstRaw(what: string, ours: SideResult, raw: SideResult): Figure[] {
  const rps = ratio(ours, raw, (sample) => sample.rps) ?? 0;
  const p99 = ratio(ours, raw, (sample) => sample.p99) ?? Number.POSITIVE_INFINITY;
  return [
    figure(`${what}, requests/s`, rps, "×", { atLeast: 0.8 }, `of ${raw.name}${byProcessor(ours, raw)}`),
    figure(`${what}, 99th percentile`, p99, "×", { atMost: 1.5 }, `of ${raw.name}, both at full load`),
  ];
}

function ahead(ours: SideResult, best: SideResult): Figure {
  const rps = ratio(ours, best, (sample) => sample.rps) ?? 0;
  const note = `of ${best.name}, the fastest framework${byProcessor(ours, best)}`;
  return figure("credit check, requests/s", rps, "×", { atLeast: 1 }, note);
}

/** The ratio by processor time, which other load on the machine disturbs less. */
function byProcessor(ours: SideResult, other: SideResult): string {
  const cpu = ratio(ours, other, (sample) => sample.perCpuSecond);
  return cpu === undefined ? "" : `; ${cpu.toFixed(2)}× for a second of processor time`;
}
