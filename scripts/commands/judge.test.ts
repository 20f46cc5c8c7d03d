import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { draw, ramp, type Traffic } from "../rollout/judge/testing/traffic.ts";
import { kyc } from "./testing/kyc-process.ts";

const EVEN: Traffic = { seconds: 600, rate: () => 20, share: ramp, fails: () => 0.01 };
let folder = "";
const path = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kyc-judge-"));
  const write = (name: string, traffic: Traffic): Promise<void> =>
    writeFile(path(name), `${[...draw(traffic, 1)].map((one) => JSON.stringify(one)).join("\n")}\n`);
  await write("good", EVEN);
  await write("bad", { ...EVEN, fails: (_, candidate) => (candidate ? 0.3 : 0.01) });
  await write("short", { ...EVEN, seconds: 5 });
  await write("slow", {
    ...EVEN,
    fails: () => 0,
    ms: (u, candidate) => (20 + 20 * u) * (candidate ? 1.4 : 1),
  });
  await writeFile(
    path("broken"),
    '{"t":0,"revision":"baseline","ok":true,"ms":1,"share":0.1}\n{"t":1,"revison":"x"}\n',
  );
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("kyc judge", () => {
  test.each([
    ["good", 0, "healthy"],
    ["bad", 1, "regressed"],
    ["short", 3, "undecided"],
  ])("exits according to its verdict: %s with %d", async (name, code, verdict) => {
    const finished = await kyc("judge", "--trace", path(name));
    expect(finished).toMatchObject({ code, err: "" });
    expect(finished.out).toStartWith(`${verdict} at `);
    expect(finished.out).toContain("worse, not worse: the natural logarithm of the evidence");
  });

  test("prints the verdict as data, with the evidence over time", async () => {
    const { code, out } = await kyc("judge", "--trace", path("bad"), "-o", "json");
    const data = JSON.parse(out);
    expect(code).toBe(1);
    expect(Object.keys(data)).toEqual(["verdict", "t", "because", "evidence"]);
    expect(data.verdict).toBe("regressed");
    expect(data.because).toStartWith("the candidate fails more often than the baseline:");
    expect(data.evidence.length).toBeGreaterThan(10);
  });

  test.each([
    ["slow", 1, []],
    ["slow", 0, ["--tolerate-latency", "50%"]],
    ["bad", 0, ["--tolerate-errors", "100"]],
    ["bad", 0, ["--tolerate-error-rate", "40%"]],
  ])("tolerates the given differences: %s ends with %d by %p", async (name, code, flags) => {
    const finished = await kyc("judge", "--trace", path(name), ...flags);
    expect(finished.code).toBe(code);
  });

  test.each([
    [["--trace", "broken"], "broken, line 2: unknown field revison: did you mean revision?"],
    [["--trace", "none"], "none cannot be read: ENOENT"],
  ])("reports errors in a file, and exits with 2: %p", async ([flag, name], message) => {
    const { code, out, err } = await kyc("judge", flag ?? "", path(name ?? ""));
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(message);
    expect(err).not.toContain("    at ");
  });

  test.each([
    ["--alpha", "2", "above 0 and at most 0.5"],
    ["--tolerate-errors", "0.5", "such as 25% or 1.25 (times)"],
    ["--tolerate-error-rate", "200%", "from 0 to below 1"],
  ])("refuses %s %s, and prints the expected form", async (flag, value, message) => {
    const { code, err } = await kyc("judge", "--trace", path("good"), flag, value);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });

  test("has help with examples and its exit codes", async () => {
    const { code, out } = await kyc("judge", "--help");
    expect(code).toBe(0);
    expect(out).toMatch(/Examples:\n(.*\n)*.*\.\/kyc judge --trace/);
    expect(out).toContain("0 healthy, 1 regressed, 3 undecided");
  });
});

describe("kyc bench judge", () => {
  test("prints data, and writes a page", async () => {
    const page = path("page.html");
    const { code, out, err } = await kyc(
      "bench",
      "judge",
      "--only",
      "silent",
      "--reps",
      "1",
      "-o",
      "json",
      "--page",
      page,
    );
    const { cells, figures } = JSON.parse(out) as {
      cells: unknown[];
      figures: { name: string; ok: boolean }[];
    };
    expect(cells).toHaveLength(6);
    // The number of requests judged per second depends on the machine.
    const missed = figures.filter(({ ok }) => !ok).map(({ name }) => name);
    expect(missed.filter((name) => !name.includes("in a second"))).toEqual([]);
    expect(code).toBe(missed.length === 0 ? 0 : 1);
    expect(err).toContain(`wrote ${page}`);
    expect(await Bun.file(page).text()).toStartWith("<!doctype html>");
  }, 180_000);

  test("names the scenarios if one is not found, and exits with 2", async () => {
    const { code, err } = await kyc("bench", "judge", "--only", "nonsense");
    expect(code).toBe(2);
    expect(err).toContain("there is no such scenario. The scenarios are: equal 0.1 %");
  });
});
