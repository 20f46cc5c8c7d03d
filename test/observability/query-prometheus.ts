import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { kyc, startDev } from "../../scripts/commands/testing/kyc-process.ts";
import { sampleToRun } from "../sample.ts";
import { dashboardQueries, readRules } from "./observability-files.ts";
import { checkRules, hasData, ruleErrors, startPrometheus } from "./prometheus-process.ts";

const REQUEST_EVERY_MS = 40;
/** The rate of requests, low enough for a busy machine. */
const MOST_IN_FLIGHT = 8;
const GIVE_UP_MS = 180_000;
/** The flags of a rollout with Prometheus as its source, with short steps. */
const STEPS = [
  "--steps",
  "50,100",
  "--step-time",
  "5s",
  "--bake",
  "6s",
  "--look",
  "4s",
  "--step-limit",
  "120s",
];

const { prometheus: program } = new Command("query-prometheus")
  .description(
    "scrapes the local mesh with a real Prometheus under load, runs rollouts with it, and checks that each query returns data",
  )
  .option("--prometheus <program>", "a Prometheus of version 2.40 or later", "prometheus")
  .addHelpText(
    "after",
    `
Needs prometheus and promtool on the PATH (Debian: apt-get install prometheus). Takes about four minutes.
Exits with 1 if a query returned no data, a rule has an error, or a rollout ended unexpectedly.`,
  )
  .parse()
  .opts<{ prometheus: string }>();

const folder = await mkdtemp(join(tmpdir(), "observability-"));
try {
  process.exitCode = await runAll();
} finally {
  await rm(folder, { recursive: true });
}

async function runAll(): Promise<number> {
  await checkRules(folder);
  await using sample = await sampleToRun();
  // The collector does not exist, so that the metric of dropped spans increases.
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9", OTEL_BSP_EXPORT_TIMEOUT: "0" };
  await using dev = await startDev(["--dir", sample.root], undefined, env);
  await using load = startLoad(`${dev.ingress}/kyc/v1/customer`);
  await using server = await startPrometheus({ dev, folder, program });
  const seen = watchQueries(server.url, await allQueries());
  const problems: string[] = [];
  const at = ["credit-check", "--dir", sample.root];
  const rollout = [...at, "--to", "advanced", "--prometheus", server.url, "--tolerate-latency", "300%"];
  const run = async (what: string, code: number, ...args: string[]): Promise<void> => {
    const startedAt = performance.now();
    const ended = await kyc(...args);
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    console.error(`${what}: exit code ${ended.code} after ${seconds} s`);
    if (ended.code !== code)
      problems.push(`${what}: exit code ${ended.code}, not ${code}\n${ended.out}${ended.err}`);
  };
  const shares = (basic: number) =>
    run(
      `split ${basic}/${100 - basic}`,
      0,
      "split",
      ...at,
      "--traffic",
      `basic=${basic},advanced=${100 - basic}`,
    );
  const faults = (...args: string[]) =>
    run(`fault ${args.join(" ")}`, 0, "fault", ...args, "--dir", sample.root);
  const until = (...names: string[]) => seen.until(names);

  await shares(100);
  await run("a good candidate is promoted by --source prometheus", 0, "rollout", ...rollout, ...STEPS);
  await shares(100);
  await faults("credit-check", "advanced", "--error", "50%");
  await run("a candidate that fails is rolled back by it", 1, "rollout", ...rollout, ...STEPS);
  await shares(50);
  await until("KycRevisionFails");
  await faults("--clear");
  // Too short for evidence from one percent of the requests.
  const short = ["--steps", "1,100", "--step-time", "3s", "--step-limit", "4s", "--look", "4s"];
  await shares(100);
  await run("a rollout that stays undecided is held", 3, "rollout", ...rollout, ...short);
  await until("KycRolloutHeld");
  await run("the held rollout is aborted", 0, "rollout", ...at, "--abort");
  await shares(50);
  load.pin("basic");
  await until("KycShareIsNotAsPlanned");
  load.pin(undefined);
  await shares(100);
  await killRollout([...rollout, "--steps", "10,100", "--step-time", "60s"], server.url);
  await until("KycRolloutAbandoned");
  await run("an abandoned rollout goes back", 0, "rollout", ...at, "--back");
  await until(...seen.missing());

  problems.push(...seen.missing().map((name) => `no data: ${name}`), ...(await ruleErrors(server.url)));
  if (load.failed() === 0) problems.push("no request failed under the fault");
  console.log(
    `${seen.count - seen.missing().length} of ${seen.count} queries returned data; ${load.sent()} requests`,
  );
  for (const problem of problems) console.log(problem);
  return problems.length === 0 ? 0 : 1;
}

/** Each query with its name: a panel's title, a rule's own. */
async function allQueries(): Promise<Map<string, string>> {
  const rules = await readRules();
  return new Map([
    ...(await dashboardQueries()).map(({ at, expr }) => [at, expr] as const),
    ...rules.map(({ record = "", alert = record, expr }) => [alert, expr] as const),
  ]);
}

/** Runs all queries repeatedly, and records which of them have returned data. */
function watchQueries(url: string, queries: ReadonlyMap<string, string>) {
  const waiting = new Map(queries);
  const ask = async (): Promise<void> => {
    for (const [name, expr] of waiting) {
      if (await hasData(url, expr)) waiting.delete(name);
    }
  };
  return {
    count: queries.size,
    missing: () => [...waiting.keys()],
    /** Waits until the given queries have returned data, or the time is over. */
    async until(names: readonly string[]): Promise<void> {
      const end = performance.now() + GIVE_UP_MS;
      for (;;) {
        await ask();
        if (!names.some((name) => waiting.has(name)) || performance.now() > end) return;
        await Bun.sleep(1000);
      }
    },
  };
}

/** Starts a rollout, and kills its process with SIGKILL while it runs. */
async function killRollout(args: readonly string[], url: string): Promise<void> {
  const main = Bun.fileURLToPath(new URL("../../scripts/kyc.ts", import.meta.url));
  await using child = Bun.spawn([process.execPath, main, "rollout", ...args], {
    stdout: "ignore",
    stderr: "pipe",
  });
  const said = child.stderr.text();
  for (let isJudging = false; !isJudging; await Bun.sleep(500)) {
    if (child.exitCode !== null) throw new Error(`the rollout ended by itself:\n${await said}`);
    isJudging = await hasData(url, 'kyc_rollout_phase{phase="judging"}');
  }
  child.kill("SIGKILL");
  await child.exited;
}

/** Steady requests through the ingress. */
function startLoad(url: string) {
  let pinned: string | undefined;
  let sent = 0;
  let failed = 0;
  let inFlight = 0;
  const timer = setInterval(() => {
    if (inFlight >= MOST_IN_FLIGHT) return;
    sent++;
    inFlight++;
    const headers = pinned === undefined ? {} : { "end-user": pinned };
    const asked = fetch(url, { headers }).then(async (response) => (await response.text(), response.ok));
    void asked
      .catch(() => false)
      .then((ok) => {
        inFlight--;
        failed += ok ? 0 : 1;
      });
  }, REQUEST_EVERY_MS);
  return {
    pin: (version: string | undefined) => void (pinned = version),
    sent: () => sent,
    failed: () => failed,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await Bun.sleep(100);
    },
  };
}
