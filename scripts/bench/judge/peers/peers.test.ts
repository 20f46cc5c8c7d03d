import { describe, expect, test } from "bun:test";
import { mostOf } from "../../../rollout/judge/testing/binomial.ts";
import type { Contestant } from "../contestant.ts";
import { Requests } from "../requests.ts";
import type { Scenario } from "../scenarios.ts";
import { ArgoRollouts } from "./argo.ts";
import { Flagger, TUTORIAL } from "./flagger.ts";
import { classify, Kayenta, score } from "./kayenta.ts";
import { mannWhitney } from "./mann-whitney.ts";
import { zero } from "./zero.ts";

/** Flagger with only its success rate, the metric for which the figures below were calculated. */
const flagger = (): Contestant => new Flagger({ ...TUTORIAL, maxDuration: undefined });
const argo = (): Contestant => new ArgoRollouts();

describe("Flagger's judge", () => {
  test("promotes at the fifth check that passes, and rolls back a minute after the fifth that fails", () => {
    expect(outcome(flagger(), { ...EVEN, baseline: 0, candidate: 0 }, 20, 1)).toEqual({
      t: 300,
      kind: "promoted",
    });
    expect(outcome(flagger(), { ...EVEN, candidate: 1 }, 20, 1)).toEqual({ t: 360, kind: "rolled back" });
  });

  test("counts silence as failure", () => {
    expect(outcome(flagger(), { ...EVEN, silent: true }, 20, 1)).toEqual({ t: 360, kind: "rolled back" });
  });

  test("adds a tenth for each passed check, and keeps the share for each failed one", () => {
    const one = flagger();
    const shares = [60, 120, 180].map((t, i) => {
      for (let k = 0; k < 100; k++) one.request(t - 30, true, i !== 1, 20);
      one.tick(t);
      return one.share;
    });
    expect(shares).toEqual([0.2, 0.2, 0.3]);
  });

  test("fails a p99 above half a second in the half minute before", () => {
    const one = new Flagger();
    const minute = (from: number, slowAt: number): void => {
      for (let s = 0; s < 60; s++) {
        one.tick(from + s);
        for (let k = 0; k < 10; k++) one.request(from + s, true, true, s === slowAt ? 800 : 20);
      }
    };
    minute(0, 10);
    one.tick(60);
    expect(one.share).toBe(0.2);
    minute(60, 50);
    one.tick(120);
    expect(one.share).toBe(0.2);
  });

  // Calculated exactly, for Poisson requests: P(rollback) by requests a second and errors of the candidate.
  test.each([
    [0.02, 0.001, 0.947],
    [0.1, 0.001, 0.103],
    [1, 0.01, 0.011],
    [1, 0.05, 0.753],
    [5, 0.01, 0.313],
    [5, 0.02, 0.919],
    [20, 0.01, 0.376],
  ])("at %d/s rolls back a candidate with errors of %d as often as calculated", (rate, errors, expected) => {
    expectShare(flagger, rate, errors, expected);
  });
});

describe("the judge of Argo Rollouts", () => {
  test("promotes after the last pause, and aborts at the fourth measurement that fails", () => {
    expect(outcome(argo(), EVEN, 20, 1)).toEqual({ t: 2400, kind: "promoted" });
    expect(outcome(argo(), { ...EVEN, candidate: 1 }, 20, 1)).toEqual({ t: 1500, kind: "rolled back" });
    expect(outcome(argo(), { ...EVEN, silent: true }, 20, 1)).toEqual({ t: 1500, kind: "rolled back" });
  });

  test.each([
    [0.02, 0.001, 0.94],
    [0.1, 0.001, 0.2],
    [1, 0.05, 0.12],
    [5, 0.05, 0.25],
  ])("at %d/s aborts a candidate with errors of %d as often as calculated", (rate, errors, expected) => {
    expectShare(argo, rate, errors, expected);
  });
});

describe("Kayenta's judge", () => {
  // The numbers of Kayenta itself, from spinnaker/spinnaker#6278.
  test("computes Kayenta's interval and estimate, to all digits", () => {
    const { low, high, estimate } = mannWhitney([...times(7, 100), ...times(3, 1)], times(10, 1), 0.98);
    expect(low).toBeCloseTo(6.825022991538781e-5, 15);
    expect(high).toBe(99);
    expect(estimate).toBeCloseTo(98.99992904170193, 11);
  });

  test("passes 7 of 10 values at a hundredfold, and calls 8 of 10 high", () => {
    expect(classify(times(10, 1), [...times(7, 100), ...times(3, 1)])).toBe("pass");
    expect(classify(times(10, 1), [...times(8, 100), ...times(2, 1)])).toBe("high");
  });

  test("passes sparse errors compared with none (spinnaker/kayenta#426)", () => {
    expect(classify([0, 0, 0, 0, 0, 0], [0, 1, 2, 1, 0, 0])).toBe("pass");
  });

  test("handles missing data, equal values, and low values", () => {
    expect(classify([], [1])).toBe("no data");
    expect(classify([1, 1], [1, 1, 1])).toBe("pass");
    expect(classify([3, 1, 2], [1, 2, 3])).toBe("pass");
    expect(classify(spread(30, 100), spread(30, 10))).toBe("low");
    expect(classify(times(20, 1), times(20, 5))).toBe("high");
  });

  test("scores by groups: nothing without data on half of them", () => {
    expect(score(["pass", "pass", "pass"])).toBeCloseTo(100, 9);
    expect(score(["high", "pass", "pass"])).toBeCloseTo(66.67, 1);
    expect(score(["pass", "no data", "no data"])).toBe(0);
    expect(score(["pass", "pass", "no data"])).toBeCloseTo(100, 9);
  });

  test("needs an hour to fail, and two to pass", () => {
    expect(outcome(new Kayenta(), { ...EVEN, candidate: 1 }, 5, 1)).toEqual({ t: 3600, kind: "rolled back" });
    expect(outcome(new Kayenta(), EVEN, 5, 1)).toEqual({ t: 7200, kind: "promoted" });
  });
});

describe("a zero", () => {
  test.each([
    ["of a line", (x: number) => 3 * x - 1, 0, 1, 1 / 3],
    ["of a cosine", Math.cos, 0, 3, Math.PI / 2],
    ["of a step", (x: number) => (x < 0.7 ? -1 : 2), 0, 1, 0.7],
    ["at an end", (x: number) => x, 0, 1, 0],
  ])("%s is found", (_, f, low, high, expected) => {
    expect(Math.abs(zero(f, low, high) - expected)).toBeLessThan(1e-4);
  });
});

const EVEN: Scenario = { name: "even", kind: "good", baseline: 0.001, candidate: 0.001 };

function outcome(one: Contestant, scenario: Scenario, rate: number, seed: number): Contestant["outcome"] {
  const requests = new Requests(scenario, rate, Bun.hash.murmur32v3(`${seed}`) | 0);
  for (let s = 0; one.outcome === undefined; s++) {
    one.tick(s);
    if (one.outcome !== undefined) break;
    requests.second(s, ({ t, lot, baselineOk, candidateOk, baselineMs, candidateMs }) => {
      const candidate = lot < one.share;
      one.request(t, candidate, candidate ? candidateOk : baselineOk, candidate ? candidateMs : baselineMs);
    });
  }
  return one.outcome;
}

/** Checks that the number of rollbacks is consistent with a probability; fails by chance once in 10,000 times per side. */
function expectShare(make: () => Contestant, rate: number, errors: number, expected: number): void {
  const runs = 120;
  let rollbacks = 0;
  for (let seed = 0; seed < runs; seed++) {
    const scenario = { ...EVEN, baseline: errors, candidate: errors };
    if (outcome(make(), scenario, rate, seed)?.kind === "rolled back") rollbacks++;
  }
  // The calculated values have two or three digits.
  const room = 0.01;
  expect(rollbacks).toBeLessThanOrEqual(mostOf(runs, Math.min(0.999, expected + room)));
  expect(runs - rollbacks).toBeLessThanOrEqual(mostOf(runs, Math.min(0.999, 1 - expected + room)));
}

function times(count: number, value: number): number[] {
  return new Array<number>(count).fill(value);
}

function spread(count: number, around: number): number[] {
  return Array.from({ length: count }, (_, i) => around * (1 + 0.02 * Math.sin(i)));
}
