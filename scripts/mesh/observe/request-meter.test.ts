import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { STEP_SECONDS, WINDOW_SECONDS } from "./request-counter.ts";
import { Meter } from "./request-meter.ts";

const NOW = 1_000_000;

describe("a meter", () => {
  test("is empty before the first request", () => {
    const { requests, errors, rate, p50Ms, series } = new Meter().measured(NOW);
    expect({ requests, errors, rate, p50Ms }).toEqual({ requests: 0, errors: 0, rate: 0, p50Ms: undefined });
    expect(series).toEqual([]);
  });

  test.each([
    [10, 1, 10],
    [60, 5, 12],
    [300, 5, 60],
  ])("has the figures of the last %d seconds in steps of %d", (seconds, step, points) => {
    const meter = new Meter();
    for (let second = 400; second >= 0; second--)
      meter.record(NOW - second, second < 10 ? 20 : 5, second > 10);
    const { requests, errors, p50Ms, recent, series } = meter.measured(NOW + 1, { seconds, step });
    expect(series.length).toBe(points);
    expect(series.filter(({ p50Ms }) => p50Ms !== undefined).length).toBe(points);
    expect(requests).toBe(series.reduce((sum, point) => sum + point.requests, 0));
    expect(seconds - requests).toBeLessThan(step);
    expect(errors).toBe(Math.max(0, requests - 11));
    expect(Math.round(p50Ms ?? 0)).toBe(seconds === 10 ? 20 : 5);
    expect(recent).toEqual({ requests: 10, errors: 0 });
  });

  test("reports quantiles within a percent", () => {
    const meter = new Meter();
    for (let ms = 1; ms <= 1000; ms++) meter.record(NOW, ms, ms > 990);
    const { requests, errors, p50Ms = 0, p90Ms = 0, p99Ms = 0 } = meter.measured(NOW);
    expect([requests, errors]).toEqual([1000, 10]);
    expect(Math.abs(p50Ms - 500)).toBeLessThan(6);
    expect(Math.abs(p90Ms - 900)).toBeLessThan(10);
    expect(Math.abs(p99Ms - 990)).toBeLessThan(11);
  });

  test("counts a request without a meaningful latency, but does not measure it", () => {
    const meter = new Meter();
    meter.record(NOW, undefined, false);
    expect(meter.measured(NOW)).toMatchObject({ requests: 1, p50Ms: undefined, p99Ms: undefined });
  });

  test("puts each request into the step of its moment, the oldest first", () => {
    const meter = new Meter();
    meter.record(NOW - 2 * STEP_SECONDS, 5, true);
    meter.record(NOW, 7, false);
    meter.record(NOW, 7, false);
    const { series } = meter.measured(NOW);
    expect(series.at(-1)).toMatchObject({ requests: 2, errors: 0 });
    expect(series.at(-2)).toMatchObject({ requests: 0, errors: 0, p50Ms: undefined });
    expect(series.at(-3)).toMatchObject({ requests: 1, errors: 1 });
  });

  test("reports the rate of the last ten whole seconds", () => {
    const meter = new Meter();
    for (let second = 30; second >= 1; second--)
      for (let i = 0; i < 4; i++) meter.record(NOW - second, 1, false);
    meter.record(NOW, 1, false);
    expect(meter.measured(NOW).rate).toBe(4);
  });

  test("treats a latency above a minute as a minute", () => {
    const meter = new Meter();
    meter.record(NOW, 3_600_000, false);
    const { p99Ms = 0 } = meter.measured(NOW);
    expect(Math.abs(p99Ms - 60_000)).toBeLessThan(700);
  });

  test("counts exactly the requests within its window, for any times", () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 90 }), { maxLength: 60 });
    fc.assert(
      fc.property(gaps, fc.integer({ min: 0, max: 400 }), (all, later) => {
        const meter = new Meter();
        let now = NOW;
        const moments = all.map((gap) => (now += gap));
        for (const moment of moments) meter.record(moment, 1, moment % 2 === 0);
        const end = now + later;
        // The window ends with the current step.
        const from = (Math.floor(end / STEP_SECONDS) + 1) * STEP_SECONDS - WINDOW_SECONDS;
        const within = moments.filter((moment) => moment >= from);
        const { requests, errors, series } = meter.measured(end);
        expect(requests).toBe(within.length);
        expect(errors).toBe(within.filter((moment) => moment % 2 === 0).length);
        expect(series.reduce((sum, step) => sum + step.requests, 0)).toBe(requests);
      }),
    );
  });
});
