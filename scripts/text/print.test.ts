import { expect, test } from "bun:test";
import { join } from "node:path";
import { printTo } from "./print.ts";

const SCRIPTS = join(import.meta.dir, "..");

/** Files that write to a stream directly, and why that is safe. */
const OTHER_WRITERS: Readonly<Record<string, string>> = {
  "text/print.ts": "the one way",
  "commands/bench/judge.ts": "a percentage of its own, after a carriage return",
  "commands/dialects/equal.ts": "a count of its own, after a carriage return",
  "e2e/strict/probe-program.ts": "JSON for the process that started it",
  "release/compile.ts": "a line of a build, for the log of CI",
  "release/npm-package.ts": "a line of a build, and of a program that has no other module",
  "release/try-program.ts": "lines of a trial, for the log of CI",
  "bench/http/load/closed-loop.ts": "JSON for the process that started it",
};

test("a line for a terminal keeps its style, and shows control characters escaped", () => {
  const written: string[] = [];
  printTo({ write: (text) => written.push(text) }, "\u001b[1mname\u001b[22m \u001b]0;title\u0007");
  expect(written).toEqual(["\u001b[1mname\u001b[22m \\u001b]0;title\\u0007\n"]);
});

test("no other file writes to a terminal", async () => {
  const writers: string[] = [];
  for await (const path of new Bun.Glob("**/*.ts").scan(SCRIPTS)) {
    if (path.endsWith(".test.ts") || path.includes("testing/")) continue;
    const code = (await Bun.file(join(SCRIPTS, path)).text()).replace(/^\s*(\/\/|\/?\*).*$/gm, "");
    if (/\bconsole\.|\bstd(out|err)\.write\(|writeSync\((1|2|process)/.test(code)) writers.push(path);
  }
  expect(writers.sort()).toEqual(Object.keys(OTHER_WRITERS).sort());
});
