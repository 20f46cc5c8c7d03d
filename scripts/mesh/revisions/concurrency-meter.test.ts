import { expect, test } from "bun:test";
import { ConcurrencyMeter } from "./concurrency-meter.ts";

test("a meter has the mean since the last reading, weighted by time", () => {
  let now = 0;
  const meter = new ConcurrencyMeter(() => now);
  meter.change(4);
  now = 250;
  meter.change(-2);
  now = 1000;
  expect(meter.read()).toBe((4 * 250 + 2 * 750) / 1000);
  now = 2000;
  meter.change(-2);
  expect(meter.read()).toBe(2);
  now = 3000;
  expect([meter.read(), meter.count]).toEqual([0, 0]);
});

test("a meter counts requests that began and ended between two readings, even without elapsed time", () => {
  let now = 0;
  const meter = new ConcurrencyMeter(() => now);
  now = 400;
  meter.change(1);
  now = 500;
  meter.change(-1);
  now = 1000;
  expect(meter.read()).toBe(0.1);
  meter.change(3);
  expect(meter.read()).toBe(3);
});
