import { expect, test } from "bun:test";
import { kyc } from "./testing/kyc-process.ts";

test("each benchmark has help with examples", async () => {
  for (const [name, example] of [
    ["http", "./kyc bench http -o json --page figures.html"],
    ["soak", "./kyc bench soak --for 1h"],
  ] as const) {
    const { code, out } = await kyc("bench", name, "--help");
    expect([code, out.includes(example)]).toEqual([0, true]);
  }
});

test.each([
  [["http", "--for", "soon"], "A time such as 90s or 5m is expected."],
  [["http", "--rounds", "0"], "A whole number from 1 to 999 is expected."],
  [["http", "-o", "xml"], "Allowed choices are table, json, yaml."],
  [["soak", "--for", "-1s"], "A time such as 90s or 5m is expected."],
  [
    ["soak", "--rps", "60", "--share", "50"],
    "option '--rps <number>' cannot be used with option '--share <percent>'",
  ],
  [["htpp"], "Did you mean http?"],
])("a benchmark asked for as %p is a mistake of usage", async (args, message) => {
  const { code, out, err } = await kyc("bench", ...args);
  expect([code, out]).toEqual([2, ""]);
  expect(err).toContain(message);
});
