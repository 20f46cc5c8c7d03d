import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "../../project.ts";
import { sampleToRun } from "../../../test/sample.ts";
import { kyc, type RunningDev, startDev } from "../testing/kyc-process.ts";

let own: Awaited<ReturnType<typeof sampleToRun>>;
let dev: RunningDev;

beforeAll(async () => {
  own = await sampleToRun();
  dev = await startDev(["--dir", own.root, "--seed", "1"]);
  await fetch(`${dev.ingress}/kyc/v1/customer`);
});

afterAll(async () => {
  await dev?.[Symbol.asyncDispose]();
  await own?.[Symbol.asyncDispose]();
});

const load = (...args: string[]) => kyc("load", "--dir", own.root, "--for", "1s", "--rps", "40", ...args);
const fault = (...args: string[]) => kyc("fault", "--dir", own.root, ...args);

describe("kyc load", () => {
  test("finds the running mesh, and reports rate, errors and revisions", async () => {
    const { code, out } = await load();
    expect(code).toBe(0);
    expect(out).toContain(`${dev.ingress}/kyc/v1/customer`);
    const [, requests] = /([0-9]+) requests in [0-9.]+ s/.exec(out) ?? [];
    expect(Number(requests)).toBeGreaterThan(0);
    expect(out).toContain(`0 failed; by status 200: ${requests}\n`);
    expect(out).toMatch(/credit-check-advanced +[0-9.]+ % +[0-9]+ requests {2}99\.9 % interval/);
  });

  test("sends the given headers", async () => {
    const { out } = await load("-H", "end-user: advanced", "-o", "json");
    const summary = JSON.parse(out) as { requests: number };
    expect(summary).toMatchObject({
      failed: 0,
      revisions: [{ revision: "credit-check-advanced", count: summary.requests, share: 1 }],
    });
  });

  test("posts the lines of a file in turn, and names a line that is not JSON", async () => {
    const good = await load("--data", join(PROJECT, "examples/applicants.ndjson"), "--fail-on-errors");
    expect(good).toMatchObject({ code: 0, out: expect.stringMatching(/ 0 failed; by status 200: /) });
    const file = join(own.root, "bodies.ndjson");
    await Bun.write(file, '{"applicantId":"A-1","name":"A"}\n\nname: A\n');
    const bad = await load("--data", file);
    expect(bad).toMatchObject({
      code: 2,
      out: "",
      err: expect.stringContaining(`${file}:3: this line is not JSON`),
    });
    expect((await load("--data", join(own.root, "absent"))).code).toBe(2);
  });

  test("fails on errors only with --fail-on-errors, and if nothing answers", async () => {
    expect((await load("/nowhere")).code).toBe(0);
    expect((await load("/nowhere", "--fail-on-errors")).code).toBe(1);
    const { code, out } = await load("http://127.0.0.1:1/");
    expect(code).toBe(1);
    expect(out).toMatch(/ ([0-9]+) failed \(100 %\); by status none: \1\n/);
  });

  test("refuses a path if no mesh runs, and an incomplete URL", async () => {
    const absent = await kyc("load", "--dir", "/nonexistent");
    expect(absent).toMatchObject({ code: 1, out: "", err: expect.stringContaining("./kyc dev") });
    expect((await load("example.com")).err).toContain("http://HOST/PATH");
  });

  test.each([
    ["--rps", "0"],
    ["--rps", "many"],
    ["--for", "soon"],
    ["-H", "no header"],
  ])("refuses %s %s", async (flag, value) => {
    expect((await load(flag, value)).code).toBe(2);
  });
});

describe("kyc fault", () => {
  test("makes one version fail, regardless of the split, and removes the fault", async () => {
    const on = await fault("credit-check", "advanced", "--error", "100%");
    expect(on.code).toBe(0);
    expect(on.out).toContain("name: fault-credit-check-advanced");
    expect(on.err).toContain(`./kyc fault --dir ${own.root} --clear`);
    const statuses = async (end: string): Promise<number[]> => {
      const seen = new Set<number>();
      for (let i = 0; i < 20; i++) {
        const headers = { "end-user": end };
        seen.add((await fetch(`${dev.ingress}/credit-check/report`, { headers })).status);
      }
      return [...seen];
    };
    expect(await statuses("advanced")).toEqual([503]);
    expect(await statuses("basic")).toEqual([200]);
    expect((await fault()).out).toBe(on.out);
    expect(dev.output()).toContain("faults are switched on");
    const off = await fault("credit-check", "advanced", "--clear");
    expect(off).toMatchObject({ code: 0, out: "", err: "No fault is active.\n" });
    expect(await statuses("advanced")).toEqual([200]);
  });

  test("delays requests", async () => {
    await fault("credit-check", "basic", "--delay", "150ms");
    const startedAt = performance.now();
    const { status } = await fetch(`${dev.ingress}/credit-check/basic`);
    expect(status).toBe(200);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(149);
    const json = await fault("--clear", "-o", "json");
    expect(JSON.parse(json.out)).toEqual({ faults: [], yaml: "" });
  });

  test.each([
    [["credit-check"], "Name the service and the revision"],
    [["credit-check", "advanced"], "--error 5%"],
    [["credit-check", "advanced", "--error", "5%", "--clear"], "cannot be combined with --error"],
    [["credit-check", "advanced", "--error", "500%"], "from 0.0001 to 100"],
    [["credit-check", "advanced", "--delay", "0ms"], "90s or 5m"],
    [["credit-check", "advanced", "--error", "5%", "--status", "99"], "from 200 to 599"],
  ])("refuses %j", async (args, words) => {
    const { code, out, err } = await fault(...args);
    expect({ code, out, err }).toEqual({ code: 2, out: "", err: expect.stringContaining(words) });
  });

  test("names the nearest revision, or the command to start if no mesh runs", async () => {
    const { code, err } = await fault("credit-check", "advancd", "--error", "5%");
    expect({ code, err }).toEqual({
      code: 2,
      err: "The service credit-check has no revision advancd: did you mean advanced?\n",
    });
    expect((await kyc("fault", "--dir", "/nonexistent")).err).toContain("start it with ./kyc dev");
  });
});

test.each(["load", "fault"])("kyc %s has help with examples", async (command) => {
  const { code, out } = await kyc(command, "--help");
  expect(code).toBe(0);
  expect(out).toContain(`./kyc ${command}`);
});

test("kyc dev is no longer found when it has ended", async () => {
  await using other = await sampleToRun();
  await using running = await startDev(["--dir", other.root]);
  expect((await fault("--dir", other.root)).code).toBe(0);
  running.kill("SIGINT");
  expect(await running.exited).toBe(130);
  expect(existsSync(join(other.root, ".kyc/dev.json"))).toBe(false);
});

describe("commands that also work on clusters", () => {
  test("show the running mesh: its revisions, and both shares", async () => {
    const { code, out, err } = await kyc("status", "--dir", own.root);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toStartWith(`the local mesh of ${own.root}, ingress gateway ${dev.ingress}\n`);
    expect(out).toMatch(/credit-check {2}split by Knative, [^\n]+:[0-9]+\n/);
    expect(out).toMatch(/├── credit-check-basic +50 % {2}observed [0-9.]+ % {2}ready {2}tag basic/);
    const data = await kyc("status", "--dir", own.root, "-o", "json");
    expect(JSON.parse(data.out)).toMatchObject({ root: own.root, problems: [], waiting: [] });
  });

  test("print the lines of the running mesh, each with its revision", async () => {
    await fetch(`${dev.ingress}/credit-check/basic`);
    const logs = (...args: string[]) => kyc("logs", "--dir", own.root, ...args);
    const { code, out } = await logs("credit-check", "--revision", "basic");
    expect(code).toBe(0);
    expect(out.trim().split("\n")).not.toContainEqual(expect.not.stringMatching(/^\[credit-check-basic\] /));
    const data = await logs("-o", "json", "--tail", "1");
    const lines = data.out
      .trim()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
    const line = { t: expect.any(Number), revision: "credit-check-basic", text: expect.any(String) };
    expect(lines).toContainEqual({ ...line, service: "credit-check" });
    expect(lines.length).toBeLessThanOrEqual(3);
    expect(await logs("credit-chek")).toMatchObject({
      code: 2,
      out: "",
      err: expect.stringContaining("did you mean credit-check?"),
    });
    expect(await logs("credit-check", "--revision", "baisc")).toMatchObject({
      code: 2,
      err: "There is no revision baisc: did you mean basic?\n",
    });
    expect(await logs("--previous")).toMatchObject({ code: 1, err: expect.stringContaining("--previous") });
  });
});
