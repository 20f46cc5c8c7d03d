import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sampleToRun } from "../../test/sample.ts";
import { steadyLoad } from "../load/steady.ts";
import { type Finished, kyc, PROGRAM, type RunningDev, startDev } from "./testing/kyc-process.ts";

const FILE = "knative/credit-check/2-advanced.yaml";
// Neither the speed of the machine is tested, nor the detection of small differences, which needs many requests.
const QUICK = [
  "--steps",
  "50,100",
  "--step-time",
  "1s",
  "--bake",
  "2s",
  "--look",
  "1s",
  "--latency-floor",
  "5s",
  "--tolerate-error-rate",
  "5%",
];

/** Requests a second. */
const RPS = 60;

let sample: Awaited<ReturnType<typeof sampleToRun>>;
let root = "";
let dev: RunningDev;
const end = new AbortController();
let load: Promise<void>;

/** A mesh from the sample under load, with all traffic on the basic check. */
beforeAll(async () => {
  sample = await sampleToRun([
    { file: FILE, from: /percent: 50([\s\S]*)percent: 50/, to: "percent: 100$1percent: 0" },
  ]);
  root = sample.root;
  dev = await startDev(["--dir", root]);
  // On a busy machine the first answers of new processes take seconds, which a look would take for little traffic.
  const flowing = Promise.withResolvers<void>();
  let answers = 0;
  load = steadyLoad({
    url: `${dev.ingress}/kyc/v1/customer`,
    rps: RPS,
    signal: end.signal,
    onResult() {
      if (++answers === RPS) flowing.resolve();
    },
  });
  await flowing.promise;
});

afterAll(async () => {
  end.abort();
  await load;
  await dev[Symbol.asyncDispose]();
  await sample[Symbol.asyncDispose]();
});

const rollout = (...args: string[]): Promise<Finished> => kyc("rollout", ...args, "--dir", root);
const percents = async (): Promise<string[]> =>
  [...(await readFile(join(root, FILE), "utf8")).matchAll(/percent: ([0-9]+)/g)].map(
    ([, percent = ""]) => percent,
  );

/** Starts a rollout in the background, and waits until it has written this. */
async function begun(until: string, ...args: string[]): Promise<Bun.Subprocess<"ignore", "ignore", "pipe">> {
  const command = [...PROGRAM, "rollout", ...args, "--dir", root];
  const child = Bun.spawn(command, { stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  const decoder = new TextDecoder();
  let said = "";
  const reader = child.stderr.getReader();
  while (!said.includes(until)) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`it ended before it said ${until}:\n${said}`);
    said += decoder.decode(value, { stream: true });
  }
  reader.releaseLock();
  return child;
}

/** A rollout that stays in its step of 50 %. */
function judgingAtHalf(): ReturnType<typeof begun> {
  return begun("judging at 50 %", "credit-check", "--to", "advanced", ...QUICK, "--step-time", "60s");
}

describe("kyc rollout", () => {
  test("shows with --dry-run the plan, and changes nothing", async () => {
    const { code, out } = await rollout(
      "credit-check",
      "--to",
      "advanced",
      "--dry-run",
      "--look",
      "1s",
      "-o",
      "json",
    );
    expect(code).toBe(0);
    const { plan, traffic } = JSON.parse(out) as {
      plan: { steps: { percent: number }[] };
      traffic: { rps: number };
    };
    expect(plan.steps.map(({ percent }) => percent)).toEqual([1, 5, 10, 25, 50, 80, 100]);
    expect(traffic.rps).toBeGreaterThan(20);
    expect(await percents()).toEqual(["100", "0"]);
  });

  test("rolls a candidate with faults back, with exit code 1, a report and a log", async () => {
    await kyc("fault", "credit-check", "advanced", "--error", "30%", "--dir", root);
    try {
      const { code, out } = await rollout("credit-check", "--to", "advanced", ...QUICK, "-o", "json");
      expect(code).toBe(1);
      const ended = JSON.parse(out) as {
        phase: string;
        reason: string;
        report: { html: string };
        audit: string;
      };
      expect(ended.phase).toBe("rolled back");
      expect(ended.reason).toContain("the candidate fails more often than the baseline");
      expect(await readFile(ended.report.html, "utf8")).toContain("Rolled back");
      expect(await percents()).toEqual(["100", "0"]);
      const checked = await kyc("rollout", "verify-log", ended.audit);
      expect([checked.code, checked.out]).toEqual([0, expect.stringContaining("of 1 rollout, none changed")]);
      await writeFile(ended.audit, (await readFile(ended.audit, "utf8")).replace("is ready", "was ready"));
      const spoilt = await kyc("rollout", "verify-log", ended.audit);
      expect([spoilt.code, spoilt.out]).toEqual([
        1,
        expect.stringMatching(/credit-check\.ndjson:3: .*line 2 was changed/),
      ]);
      await rm(ended.audit);
    } finally {
      await kyc("fault", "--clear", "--dir", root);
    }
  });

  test("rolls back a candidate whose successful answers have other content, and names the check", async () => {
    const checks = ["--check", "approved=json:$.backgroundCheckPass", "--check", "kind=json:$.type"];
    const { code, out } = await rollout(
      "credit-check",
      "--to",
      "advanced",
      ...QUICK,
      ...checks,
      "-o",
      "json",
    );
    const ended = JSON.parse(out) as { phase: string; reason: string; report: { html: string } };
    expect([code, ended.phase]).toEqual([1, "rolled back"]);
    expect(ended.reason).toMatch(
      /^the check kind finds "(ADVANCED|BASIC)" in (100|0) % of the candidate's answers/,
    );
    expect(await readFile(ended.report.html, "utf8")).toContain("json:$.backgroundCheckPass");
    expect(await percents()).toEqual(["100", "0"]);
    const wrong = await rollout("credit-check", "--to", "advanced", "--check", "a=json:approved");
    expect([wrong.code, wrong.err]).toEqual([
      2,
      expect.stringContaining("json:approved is not a field of a response: header:NAME, or json:"),
    ]);
  });

  test("continues after kill -9 and promotes a good candidate; --back restores the original split", async () => {
    const killed = await begun("judging at 50 %", "credit-check", "--to", "advanced", ...QUICK);
    const second = await rollout("credit-check", "--to", "advanced", ...QUICK);
    expect([second.code, second.err]).toEqual([2, expect.stringContaining("is being rolled out by")]);
    killed.kill("SIGKILL");
    await killed.exited;
    expect(await percents()).toEqual(["50", "50"]);
    const status = await rollout("credit-check", "--status");
    expect(status.out).toContain("No process runs it");
    expect(status.out).toContain(`go on:   ./kyc rollout --dir ${root} credit-check --resume`);
    const data = await rollout("credit-check", "--status", "-o", "json");
    expect(JSON.parse(data.out)).toMatchObject({
      doing: "no process runs it; it stopped judging at 50 %",
      carriedOut: { by: expect.stringContaining("@"), alive: false, lastSeenMs: expect.any(Number) },
    });
    const unfinished = await rollout("credit-check", "--to", "advanced", ...QUICK);
    expect([unfinished.code, unfinished.err]).toEqual([
      2,
      expect.stringContaining("is not over: it is judging"),
    ]);

    const resumed = await rollout("credit-check", "--resume");
    expect(resumed.err).toMatch(/no regression in 2 s beside 20 % on credit-check-basic[^]* promoted /);
    expect(resumed.code).toBe(0);
    expect(await percents()).toEqual(["0", "100"]);
    const back = await rollout("credit-check", "--back", "--reason", "complaints");
    expect([back.code, back.err]).toEqual([0, expect.stringContaining("rolled back")]);
    expect(await percents()).toEqual(["100", "0"]);
  });

  test("is paused and aborted from another terminal, and records the reason", async () => {
    const running = await begun("judging at 50 %", "credit-check", "--to", "advanced", ...QUICK);
    const paused = await rollout("credit-check", "--pause");
    expect([paused.code, paused.err]).toEqual([0, expect.stringContaining("judging at 50 %, paused")]);
    const aborted = await rollout("credit-check", "--abort", "--reason", "a complaint");
    expect([aborted.code, aborted.err]).toEqual([0, expect.stringContaining("rolled back: aborted by")]);
    expect(await running.exited).toBe(1);
    expect(await percents()).toEqual(["100", "0"]);
    const again = await rollout("credit-check", "--abort");
    expect(again.code).toBe(0);
    const { out } = await rollout("credit-check", "--status", "-o", "json");
    expect((JSON.parse(out) as { reason: string }).reason).toEndWith(": a complaint");
  });

  test("stops with exit code 3 when the file is edited meanwhile, keeps the edit, and shows three splits", async () => {
    const running = await judgingAtHalf();
    const text = await readFile(join(root, FILE), "utf8");
    let edits = ["70", "30"];
    await writeFile(
      join(root, FILE),
      text.replace(/percent: 50/g, () => `percent: ${edits.shift() ?? ""}`),
    );
    expect(await running.exited).toBe(3);
    expect(await percents()).toEqual(["70", "30"]);
    const { out } = await rollout("credit-check", "--status");
    expect(out).toMatch(
      /planned {2}basic=50 advanced=50\n.*written {2}the same\n.*live {5}basic=70 advanced=30/,
    );
    const refused = await rollout("credit-check", "--abort");
    expect(refused.code).toBe(3);
    expect(await percents()).toEqual(["70", "30"]);
    const forced = await rollout("credit-check", "--abort", "--overwrite");
    expect(forced.code).toBe(0);
    expect(await percents()).toEqual(["100", "0"]);
  });

  test("rolls back on Ctrl-C without a terminal, and is listed before earlier rollouts", async () => {
    const listed = async (): Promise<{ service: string; phase: string; beganMs: number }[]> =>
      JSON.parse((await rollout("list", "-o", "json")).out);
    const before = await listed();
    const startedMs = Date.now();
    const running = await judgingAtHalf();
    running.kill("SIGINT");
    expect(await running.exited).toBe(1);
    expect(await percents()).toEqual(["100", "0"]);
    const [latest, ...earlier] = await listed();
    expect(latest).toMatchObject({ service: "credit-check", phase: "rolled back" });
    expect(latest?.beganMs).toBeGreaterThanOrEqual(startedMs);
    expect(earlier).toEqual(before);
    expect(before.map(({ beganMs }) => beganMs)).toEqual(
      before.map(({ beganMs }) => beganMs).sort((a, b) => b - a),
    );
    const { code, out } = await rollout("list");
    expect([code, out]).toEqual([0, expect.stringContaining("credit-check-basic → credit-check-advanced")]);
  });

  test("warns before and after a rollback to a failing baseline", async () => {
    const running = await judgingAtHalf();
    running.kill("SIGKILL");
    await running.exited;
    await kyc("fault", "credit-check", "basic", "--error", "100%", "--dir", root);
    try {
      const back = await rollout("credit-check", "--back");
      expect([back.code, back.err]).toEqual([
        1,
        expect.stringMatching(
          /rolled back[^]*warning: the original split is restored, but .* requests failed in the .* since: credit-check-basic fails/,
        ),
      ]);
      expect(back.err).toMatch(/^warning: credit-check-basic /m);
      expect(await percents()).toEqual(["100", "0"]);
    } finally {
      await kyc("fault", "--clear", "--dir", root);
    }
  }, 60_000);

  test("rolls back although its journal cannot be written, and reports it", async () => {
    const running = await judgingAtHalf();
    const journal = join(root, ".kyc/rollouts/credit-check/journal.ndjson");
    await rename(journal, `${journal}.aside`);
    await mkdir(journal);
    try {
      running.kill("SIGTERM");
      const decoder = new TextDecoder();
      let said = "";
      for await (const bytes of running.stderr) said += decoder.decode(bytes, { stream: true });
      expect([await running.exited, await percents()]).toEqual([1, ["100", "0"]]);
      expect(said).toContain("cannot write the journal: ");
      expect(said).toMatch(/warning: The journal .*journal\.ndjson cannot be read: /);
      expect(said).not.toMatch(/^\s+at .*:\d+/m);
    } finally {
      await rm(journal, { recursive: true });
      await rename(`${journal}.aside`, journal);
    }
    const aborted = await rollout("credit-check", "--abort");
    expect(aborted.code).toBe(0);
  }, 60_000);

  test("refuses impossible plans before it starts", async () => {
    const { code, err } = await rollout("credit-check", "--to", "advnaced", "--look", "1s");
    expect([code, err]).toEqual([2, expect.stringContaining("did you mean advanced?")]);
    const preview = await rollout(
      "credit-check",
      "--to",
      "advanced",
      "--preview",
      "header:x-preview=advanced",
    );
    expect([preview.code, preview.err]).toEqual([
      2,
      expect.stringContaining("--preview: Knative splits by percents only"),
    ]);
    expect(await percents()).toEqual(["100", "0"]);
    const alone = await rollout("credit-check", "--to", "advanced", "--preview-for", "5m");
    expect([alone.code, alone.err]).toEqual([2, expect.stringContaining("--preview-for needs --preview")]);
    const unknown = await rollout("credit-chek", "--to", "advanced");
    expect(unknown.code).not.toBe(0);
    expect((await rollout("credit-check")).err).toContain("Name the version: ");
    expect((await rollout("credit-check", "--to", "advanced", "--in-cluster")).err).toContain(
      "needs a cluster",
    );
  });
});
