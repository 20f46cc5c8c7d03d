import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Histogram } from "./histogram.ts";

const latencies = fc.array(fc.double({ min: 0.1, max: 100_000, noNaN: true }), {
  minLength: 1,
  maxLength: 300,
});

describe("a histogram of latencies", () => {
  test("bounds each quantile to within 2 %, from below and above", () => {
    fc.assert(
      fc.property(latencies, fc.double({ min: 0, max: 0.999, noNaN: true }), (all, p) => {
        const histogram = filled(all);
        const exact = [...all].sort((a, b) => a - b)[Math.floor(p * all.length)] as number;
        const { low, high } = histogram.quantile(p);
        expect(low).toBeLessThanOrEqual(exact);
        expect(high).toBeGreaterThanOrEqual(exact * (1 - 1e-9));
        expect(high / low).toBeLessThan(1.0201);
      }),
    );
  });

  test("counts many equal latencies at or above their quantile's lower bound", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.1, max: 100_000, noNaN: true }), (ms) => {
        expect(filled([ms, ms, ms]).quantile(0.99).low).toBeLessThanOrEqual(ms);
      }),
    );
  });

  test("has an interval around each estimate", () => {
    fc.assert(
      fc.property(latencies, (all) => {
        const estimate = filled(all).estimate(0.5, 0.05);
        expect(estimate).toBeDefined();
        if (estimate === undefined) return;
        expect(estimate.low).toBeLessThanOrEqual(estimate.value);
        expect(estimate.high).toBeGreaterThanOrEqual(estimate.value);
      }),
    );
  });

  test("has no estimate without latencies", () => {
    expect(new Histogram().estimate(0.5, 0.05)).toBeUndefined();
  });

  test("lets the past fade, so that later latencies count more", () => {
    const histogram = filled(new Array(1000).fill(10));
    for (let i = 0; i < 5; i++) histogram.fade();
    for (let i = 0; i < 100; i++) histogram.add(50, 1);
    expect(histogram.quantile(0.5).low).toBeGreaterThan(45);
  });

  test("is the same after a snapshot is restored", () => {
    fc.assert(
      fc.property(latencies, (all) => {
        const histogram = filled(all);
        const other = filled([1, 2, 3]);
        other.restore(JSON.parse(JSON.stringify(histogram.snapshot())));
        expect(other.snapshot()).toEqual(histogram.snapshot());
        expect(other.quantile(0.5)).toEqual(histogram.quantile(0.5));
      }),
    );
  });

  test("accepts latencies of any length", () => {
    expect(filled([0, 1e11]).total).toBe(2);
    expect(filled([0]).quantile(0.5)).toEqual({ low: 0.1, high: 0.1 });
  });
});

function filled(all: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const ms of all) histogram.add(ms, 1);
  return histogram;
}
