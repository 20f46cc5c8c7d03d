import { describe, expect, test } from "bun:test";
import { draw, ramp, type Traffic } from "../testing/traffic.ts";
import { type Judgement, TraceJudge } from "./trace.ts";

const EVEN: Traffic = { seconds: 900, rate: () => 20, share: ramp, fails: () => 0.01 };

describe("a trace", () => {
  test("without a line is undecided", () => {
    expect(judged([])).toMatchObject({ verdict: "undecided", t: 0 });
  });

  test("of an equal candidate is healthy since the first second with enough evidence", () => {
    const { verdict, t, evidence } = judged(lines(EVEN));
    expect(verdict).toBe("healthy");
    expect(t).toBeGreaterThan(240);
    expect(t).toBeLessThan(900);
    expect(evidence.at(-1)?.t).toBeGreaterThan(899);
  });

  test("of a bad candidate is regressed from the deciding request", () => {
    const bad = lines({ ...EVEN, fails: (_, candidate) => (candidate ? 0.2 : 0.01) });
    const { verdict, t, evidence } = judged(bad);
    expect(verdict).toBe("regressed");
    const times = bad.map((line) => Number(/"t":([0-9.]+)/.exec(line)?.[1]));
    expect(times).toContain(t);
    const decided = evidence.find((point) => point.worse.peak >= point.worse.threshold - 1e-9);
    expect(decided?.t).toBe(t);
  });

  test("has its evidence in chronological order, in bounded size", () => {
    const { evidence } = judged(lines({ ...EVEN, seconds: 3000, rate: () => 5 }));
    expect(evidence.length).toBeLessThanOrEqual(70);
    expect(evidence.length).toBeGreaterThan(20);
    expect(evidence.map(({ t }) => t)).toEqual(evidence.map(({ t }) => t).sort((a, b) => a - b));
  });

  test("of counters has no order within one time: a candidate with many errors is detected, an equal one is not", () => {
    const scrapes = (errors: number): string[] =>
      Array.from({ length: 60 }, (_, i) => i * 15).flatMap((t) =>
        [
          { revision: "baseline", ok: true, count: 208 },
          { revision: "baseline", ok: false, count: 2 },
          { revision: "candidate", ok: true, count: 210 - errors },
          { revision: "candidate", ok: false, count: errors },
        ].map((line) => JSON.stringify({ t, ms: 20, share: 0.5, ...line })),
      );
    expect(judged(scrapes(42)).verdict).toBe("regressed");
    for (const order of [scrapes(2), scrapes(2).reverse()]) {
      const sorted = order.toSorted((a, b) => JSON.parse(a).t - JSON.parse(b).t);
      expect(judged(sorted).verdict).not.toBe("regressed");
    }
  });

  test("with decreasing times is refused with the line", () => {
    const judge = new TraceJudge();
    judge.add('{"t":5,"revision":"baseline","ok":true,"ms":1,"share":0.1}');
    expect(() => judge.add('{"t":3,"revision":"baseline","ok":true,"ms":1,"share":0.1}')).toThrow(
      "line 2: t is 3 after 5: times must not fall; sort the lines by t",
    );
  });

  test("with a hundred million requests in a line is judged by a sample, which is reported", () => {
    const judge = new TraceJudge();
    for (const revision of ["baseline", "candidate"])
      judge.add(JSON.stringify({ t: 1, revision, ok: true, ms: 20, share: 0.5, count: 1e8 }));
    const { verdict, evidence } = judge.end();
    expect(verdict).toBe("healthy");
    expect(evidence.at(-1)?.excluded["sampled out"]).toBeGreaterThan(1.9e8);
  });

  test("may have empty lines, which count as lines", () => {
    const judge = new TraceJudge();
    judge.add("");
    expect(() => judge.add("x")).toThrow("line 2: ");
  });

  test("is plain JSON, without invalid numbers", () => {
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
