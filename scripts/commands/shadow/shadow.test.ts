import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cp, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { sampleToRun } from "../../../test/sample.ts";
import { type LoadResult, steadyLoad } from "../../load/steady.ts";
import { APPLICANT } from "../../e2e/personal-data.ts";
import { PROJECT } from "../../project.ts";
import { kyc, PROGRAM, type RunningDev, startDev } from "../testing/kyc-process.ts";

const ROUTES = "istio/split/by-knative/virtual-service.yaml";
/** The applicant's values in every form in which they could be written. */
const TRACES = [
  "Quxapplicant",
  "Zebulon",
  "ZEBULON",
  "Wrzesniewski",
  "WRZESNIEWSKI",
  "Zebbo",
  "1961-07-23",
  "610723",
  "QX774411",
  "48151623",
  "42815162",
  "1173",
];

let sample: Awaited<ReturnType<typeof sampleToRun>>;
let root = "";
let dev: RunningDev;
let routes = "";
const results: LoadResult[] = [];
const end = new AbortController();
let load: Promise<void>;

/** A mesh from the sample under load with applicants, with all traffic on the basic check. */
beforeAll(async () => {
  sample = await sampleToRun([
    {
      file: "knative/credit-check/2-advanced.yaml",
      from: /percent: 50([\s\S]*)percent: 50/,
      to: "percent: 100$1percent: 0",
    },
  ]);
  root = sample.root;
  await cp(join(PROJECT, "shadow"), join(root, "shadow"), { recursive: true });
  routes = await read(ROUTES);
  dev = await startDev(["--dir", root]);
  load = steadyLoad({
    url: `${dev.ingress}/kyc/v1/customer`,
    rps: 30,
    body: () => JSON.stringify(APPLICANT),
    revisionHeader: "x-kyc-revision",
    signal: end.signal,
    onResult: (result) => results.push(result),
  });
}, 60_000);

afterAll(async () => {
  end.abort();
  await load;
  await dev[Symbol.asyncDispose]();
  await sample[Symbol.asyncDispose]();
}, 30_000);

const read = (path: string): Promise<string> => readFile(join(root, path), "utf8");
const shadow = (...args: string[]) => kyc("shadow", "credit-check", ...args, "--dir", root);

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const giveUp = performance.now() + 60_000;
  while (!(await condition())) {
    if (performance.now() > giveUp) throw new Error(`not in 60 s: ${what}`);
    await Bun.sleep(20);
  }
}

async function expectNothingLeft(): Promise<void> {
  expect(await read(ROUTES)).toBe(routes);
  expect(await readdir(join(root, "knative"))).not.toContain("kyc-shadow.yaml");
}

/** The processes of the shadow service. */
function shadowProcesses(): number[] {
  const { stdout } = Bun.spawnSync(["pgrep", "-f", join(root, "functions/kyc-shadow/main.ts")]);
  return stdout.toString().split("\n").filter(Boolean).map(Number);
}

describe("kyc shadow", () => {
  test("finds the applicants with different decisions, removes the mirror, and writes no applicant data", async () => {
    const { code, out, err } = await shadow(
      "--to",
      "advanced",
      "--percent",
      "100",
      "--for",
      "60s",
      "--accept",
      "backgroundCheckPass.fail<0.1%",
      "-o",
      "json",
    );
    expect([code, err]).toEqual([
      1,
      expect.stringContaining("credit-check-advanced is compared with credit-check-basic"),
    ]);
    const told = JSON.parse(out) as {
      because: string;
      report: { html: string; json: string };
      counts: { mismatches: unknown[] };
    };
    expect(told.because).toBe("backgroundCheckPass.fail beyond the limit");
    expect(told.counts.mismatches.length).toBeGreaterThan(5);
    await expectNothingLeft();
    const page = await readFile(told.report.html, "utf8");
    expect(page).toContain("Rejected");
    const files = await readdir(join(root, ".kyc"), { recursive: true, withFileTypes: true });
    const written = await Promise.all(
      files.filter((file) => file.isFile()).map((file) => readFile(join(file.parentPath, file.name), "utf8")),
    );
    const state = await (await fetch(`${dev.ingress}/_mesh/state`)).text();
    const metrics = await (
      await fetch(`${dev.local}/metrics`, { headers: { host: "credit-check.kyc.svc.cluster.local" } })
    ).text();
    expect(metrics).toContain("http_server_request_duration_seconds");
    const everything = [out, err, dev.output(), state, metrics, ...written].join("\n");
    expect(everything).toContain("backgroundCheckPass");
    expect(TRACES.filter((trace) => everything.includes(trace))).toEqual([]);
  }, 180_000);

  test("fails no request if the candidate hangs, the shadow service is killed, and the command too", async () => {
    const before = results.length;
    await using child = Bun.spawn(
      [
        ...PROGRAM,
        "shadow",
        "credit-check",
        "--to",
        "advanced",
        "--percent",
        "100",
        "--to-the-end",
        "--dir",
        root,
      ],
      { stdin: "ignore", stdout: "ignore", stderr: "pipe" },
    );
    await until("the mirror", async () => {
      if (child.exitCode !== null) throw new Error(`it ended: ${await child.stderr.text()}`);
      return (await read(ROUTES)).includes("mirror:");
    });
    const second = await shadow("--to", "advanced");
    expect([second.code, second.err]).toEqual([
      2,
      expect.stringContaining("Only one comparison can run at a time"),
    ]);
    const hanging = await kyc("fault", "credit-check", "advanced", "--delay", "20s", "--dir", root);
    expect([hanging.code, hanging.err]).toEqual([0, expect.stringContaining("are active until")]);
    const killed = shadowProcesses();
    for (const pid of killed) process.kill(pid, "SIGKILL");
    await until("another shadow service", async () => shadowProcesses().some((pid) => !killed.includes(pid)));
    child.kill("SIGKILL");
    await child.exited;
    expect(await read(ROUTES)).toContain("mirror:");
    const stopped = await shadow("--stop");
    expect([stopped.code, stopped.out]).toEqual([0, "The mirror of credit-check is removed.\n"]);
    await expectNothingLeft();
    expect((await shadow("--stop")).out).toBe("Nothing mirrors the requests of credit-check.\n");
    await kyc("fault", "--clear", "--dir", root);
    expect(results.length - before).toBeGreaterThan(50);
    expect(results.filter(({ status }) => status !== 200)).toEqual([]);
    expect(new Set(results.map(({ revision }) => revision))).toEqual(new Set(["credit-check-basic"]));
  }, 180_000);

  test("precedes the first percent of a rollout, which does not start if the candidate is rejected", async () => {
    const { code, err } = await kyc(
      "rollout",
      "credit-check",
      "--to",
      "advanced",
      "--shadow",
      "60s",
      "--shadow-percent",
      "100",
      "--accept",
      "backgroundCheckPass.fail<0.1%",
      "--dir",
      root,
    );
    expect([code, err]).toEqual([
      1,
      expect.stringContaining("in shadow is rejected: backgroundCheckPass.fail beyond the limit"),
    ]);
    expect(await read("knative/credit-check/2-advanced.yaml")).toContain("percent: 100");
    await expectNothingLeft();
  }, 180_000);

  test("that is accepted starts the rollout, whose plan contains the verdict", async () => {
    const { code, err } = await kyc(
      ...["rollout", "credit-check", "--to", "advanced", "--dir", root, "--shadow", "60s"],
      ...["--shadow-percent", "100", "--accept", "blackListed.mismatch<20%"],
      // Enough pairs for the usual limits of 0.1 % would take minutes.
      ...["--accept", "answered.fail<20%", "--accept", "answered.pass<20%"],
      ...["--steps", "100", "--step-time", "1s", "--step-limit", "1s", "--on-undecided", "advance"],
      ...["--bake", "1s", "--control", "0%"],
    );
    expect({ code, err }).toMatchObject({ code: 0 });
    const [plan = ""] = (await read(".kyc/rollouts/credit-check/journal.ndjson")).split("\n");
    expect(JSON.parse(plan)).toMatchObject({
      shadow: {
        verdict: "accepted",
        pairs: expect.any(Number),
        report: expect.stringMatching(/^shadow-credit-check-/),
      },
    });
    expect(await read("knative/credit-check/2-advanced.yaml")).toMatch(/percent: 0[\s\S]*percent: 100/);
    await expectNothingLeft();
  }, 180_000);

  test.each([
    [["--to", "advancd"], "credit-check has no version advancd: did you mean advanced?"],
    [["--to", "advanced", "--accept", "x<1%"], "A limit such as FIELD.fail<0.1% is expected"],
  ])("%p is a usage error", async (args, message) => {
    const { code, err } = await shadow(...args);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
  });
});
