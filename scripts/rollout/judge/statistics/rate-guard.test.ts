import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { RateGuard } from "./rate-guard.ts";

const LEVEL = 0.0001;

describe("a guard over a rate of failures", () => {
  test("wins nothing on average while requests fail no more often than its limit", () => {
    const past = fc.array(fc.boolean(), { maxLength: 40 });
    fc.assert(
      fc.property(past, past, fc.double({ min: 0, max: 1, noNaN: true }), (before, later, part) => {
        const make = (): RateGuard => {
          const guard = new RateGuard(LEVEL, 0.005);
          for (const failed of before) guard.before(failed);
          for (const [t, failed] of later.entries()) guard.after(failed, t);
          return guard;
        };
        const [now, failed, fine] = [make(), make(), make()];
        failed.after(true, 0);
        fine.after(false, 0);
        const p = failed.limit * part;
        expect(p * failed.value + (1 - p) * fine.value).toBeLessThanOrEqual(now.value * (1 + 1e-9) + 1e-12);
      }),
    );
  });

  test("decides after a few requests that all fail", () => {
    const guard = new RateGuard(LEVEL, 0.005);
    often(1000, () => guard.before(false));
    for (let i = 0; i < 12; i++) guard.after(true, i);
    expect(guard.value).toBeGreaterThan(1e6);
  });

  test("decides as fast after any number of requests without a failure", () => {
    const secondsUntilSure = (requests: number): number => {
      const guard = new RateGuard(LEVEL, 0.005);
      often(1000, () => guard.before(false));
      for (let i = 0; i < requests; i++) guard.after(false, i / 100);
      let failed = 0;
      while (guard.value < 1e6 && failed < 10_000) guard.after(true, (requests + failed++) / 100);
      return failed / 100;
    };
    expect(secondsUntilSure(100)).toBeLessThan(16);
    for (const requests of [5_000, 50_000]) expect(secondsUntilSure(requests)).toBeLessThan(24);
  });

  test("begins with a limit of a few percent, and lowers it with observations to half a percent at least", () => {
    const limitAfter = (requests: number): number => {
      const guard = new RateGuard(LEVEL, 0.005);
      often(requests, () => guard.before(false));
      guard.after(false, 0);
      return guard.limit;
    };
    expect(limitAfter(0)).toBeGreaterThan(0.05);
    expect(limitAfter(0)).toBeLessThan(0.2);
    expect(limitAfter(1000)).toBeLessThan(limitAfter(0));
    expect(limitAfter(1_000_000)).toBe(0.005);
  });

  test("tolerates the worst hundred requests observed before", () => {
    const guard = new RateGuard(LEVEL, 0.005);
    often(100_000, () => guard.before(false));
    often(30, () => guard.before(true));
    often(70, () => guard.before(false));
    guard.after(false, 0);
    expect(guard.limit).toBeCloseTo(0.3, 9);
  });

  test("is the same after a snapshot is restored", () => {
    const guard = new RateGuard(LEVEL, 0.005);
    for (let i = 0; i < 150; i++) guard.before(i % 7 === 0);
    for (let i = 0; i < 20; i++) guard.after(i % 3 === 0, i);
    const other = new RateGuard(LEVEL, 0.005);
    other.restore(JSON.parse(JSON.stringify(guard.snapshot())));
    expect(other.value).toBe(guard.value);
    guard.after(true, 20);
    other.after(true, 20);
    expect(other.snapshot()).toEqual(guard.snapshot());
  });
});

function often(times: number, run: () => void): void {
  for (let i = 0; i < times; i++) run();
}
