import { expect, spyOn, test } from "bun:test";
import fc from "fast-check";
import { parse } from "yaml";
import { dataPrinter, printData } from "./data.ts";

async function printed(run: () => Promise<unknown>): Promise<string> {
  const spy = spyOn(console, "log").mockImplementation(() => {});
  try {
    await run();
    return spy.mock.calls.map(([text]) => `${text}\n`).join("");
  } finally {
    spy.mockRestore();
  }
}

test("a result is the same value in JSON and in YAML, for readers of YAML 1.1 too", async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (value) => {
      const plain: unknown = JSON.parse(JSON.stringify(value));
      expect(JSON.parse(await printed(() => printData(value, "json")))).toEqual(plain);
      const yaml = await printed(() => printData(value, "yaml"));
      expect(parse(yaml) as unknown).toEqual(plain);
      expect(parse(yaml, { version: "1.1" }) as unknown).toEqual(plain);
    }),
  );
  const yaml = await printed(() =>
    printData({ on: "no", at: "12:30", size: "1_000", none: undefined }, "yaml"),
  );
  expect(yaml).toBe('"on": "no"\nat: "12:30"\nsize: "1_000"\n');
});

test("each of many results is a line of JSON, or a document of YAML", async () => {
  const each = (format: "json" | "yaml") =>
    printed(async () => {
      const print = await dataPrinter(format);
      for (const n of [1, 2]) print({ n });
    });
  expect(await each("json")).toBe('{"n":1}\n{"n":2}\n');
  expect(await each("yaml")).toBe('---\n"n": 1\n---\n"n": 2\n');
});
