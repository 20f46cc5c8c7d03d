import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { frozenUntil, parseFreezeWindow } from "./freeze-window.ts";

const until = (window: string, at: string): string | undefined => {
  const end = frozenUntil([window], Date.parse(at));
  return end === undefined ? undefined : new Date(end).toISOString();
};

describe("a freeze window", () => {
  test.each([
    ["Fri 16:00-Mon 08:00 Europe/Berlin", "2026-11-27T15:00:30Z", "2026-11-30T07:00:00.000Z"],
    ["Fri 16:00-Mon 08:00 Europe/Berlin", "2026-11-27T14:59:59Z", undefined],
    ["Fri 16:00-Mon 08:00 Europe/Berlin", "2026-11-30T07:00:00Z", undefined],
    ["22:00-06:00", "2026-11-27T23:30:00Z", "2026-11-28T06:00:00.000Z"],
    ["22:00-06:00", "2026-11-28T05:59:00Z", "2026-11-28T06:00:00.000Z"],
    ["22:00-06:00", "2026-11-28T12:00:00Z", undefined],
    ["09:00-17:00 America/New_York", "2026-07-01T13:00:00Z", "2026-07-01T21:00:00.000Z"],
  ])("%s at %s", (window, at, end) => {
    expect(until(window, at)).toBe(end);
  });

  test.each([
    ["tomorrow", "is not a freeze window"],
    ["Fri 16:00-08:00", "names a day on one side only"],
    ["Foo 16:00-Mon 08:00", "days are Mon, Tue"],
    ["25:00-08:00", "hours go from 00:00"],
    ["08:00-08:00", "begins and ends at the same minute"],
    ["08:00-09:00 Mars/Olympus", "Mars/Olympus is not a time zone"],
  ])("%s is refused: it %s", (text, problem) => {
    expect(parseFreezeWindow(text)).toEqual({ problem: expect.stringContaining(problem) });
  });

  test("ends after the moment, at a time outside of all windows", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), fc.nat(23), fc.nat(23), (at, from, to) => {
        fc.pre(from !== to);
        const window = `${from}:00-${to}:00`;
        const end = frozenUntil([window], at);
        if (end === undefined) return;
        expect(end).toBeGreaterThan(at);
        expect(frozenUntil([window], end)).toBeUndefined();
      }),
    );
  });
});
