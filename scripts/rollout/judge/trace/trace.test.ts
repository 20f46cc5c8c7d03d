import { describe, expect, test } from "bun:test";
import { draw, ramp, type Traffic } from "../testing/traffic.ts";
import { type Judgement, TraceJudge } from "./trace.ts";

const EVEN: Traffic = { seconds: 900, rate: () => 20, share: ramp, fails: () => 0.01 };

describe("a trace", () => {
  test("without a line is undecided", () => {
    expect(judged([])).toMatchObject({ verdict: "undecided", t: 0 });
  });

  test("of an equal candidate is healthy since the second when it could be said", () => {
    const { verdict, t, evidence } = judged(lines(EVEN));
    expect(verdict).toBe("healthy");
    expect(t).toBeGreaterThan(240);
    expect(t).toBeLessThan(900);
    expect(evidence.at(-1)?.t).toBeGreaterThan(899);
  });

  test("of a bad candidate is regressed from the request that decided", () => {
    const bad = lines({ ...EVEN, fails: (_, candidate) => (candidate ? 0.2 : 0.01) });
    const { verdict, t, evidence } = judged(bad);
    expect(verdict).toBe("regressed");
    const times = bad.map((line) => Number(/"t":([0-9.]+)/.exec(line)?.[1]));
    expect(times).toContain(t);
    const decided = evidence.find((point) => point.worse.peak >= point.worse.threshold - 1e-9);
    expect(decided?.t).toBe(t);
  });

  test("has its evidence in the order of time, and not more of it the longer it is", () => {
    const { evidence } = judged(lines({ ...EVEN, seconds: 3000, rate: () => 5 }));
    expect(evidence.length).toBeLessThanOrEqual(70);
    expect(evidence.length).toBeGreaterThan(20);
    expect(evidence.map(({ t }) => t)).toEqual(evidence.map(({ t }) => t).sort((a, b) => a - b));
  });

  test("may have empty lines, which count as lines", () => {
    const judge = new TraceJudge();
    judge.add("");
    expect(() => judge.add("x")).toThrow("line 2: ");
  });

  test("is told as plain JSON, without a number that is none", () => {
    const judgement = judged(lines({ ...EVEN, seconds: 30 }));
    expect(JSON.parse(JSON.stringify(judgement))).toEqual(judgement);
  });
});

function lines(traffic: Traffic): string[] {
  return [...draw(traffic, 1)].map((observation) => JSON.stringify(observation));
}

function judged(all: readonly string[]): Judgement {
  const judge = new TraceJudge();
  for (const line of all) judge.add(line);
  return judge.end();
}
