import { expect, test } from "bun:test";
import { count, counted, ms, passed, percent, rate, time } from "./format.ts";

test.each([
  [count(12_345.4), "12 345"],
  [counted(1, "request"), "1 request"],
  [counted(12_345, "request"), "12 345 requests"],
  [counted(0, "try", "tries"), "0 tries"],
  [percent(0.5), "50 %"],
  [percent(0), "0 %"],
  [percent(1 / 3), "33.3 %"],
  [percent(null), "–"],
  [ms(null), "–"],
  [ms(0.7399), "0.74 ms"],
  [ms(110.4), "110 ms"],
  [ms(2500), "2500 ms"],
  [ms(12_500), "12.5 s"],
  [rate(0.25), "0.25/s"],
  [rate(59.66), "59.7/s"],
  [rate(12_345.6), "12 346/s"],
  [time(50), "at once"],
  [time(90_000), "90 s"],
  [time(240_000), "4 min"],
  [passed(59_400), "59 s"],
  [passed(61_000), "1 min"],
  [passed(3_720_000), "1 h 2 min"],
])("%s is written as %s", (written, expected) => {
  expect(written).toBe(expected);
});
