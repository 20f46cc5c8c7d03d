import { describe, expect, test } from "bun:test";
import type { CheckResult } from "../cluster/verify/check.ts";
import { runScenarios } from "./run-scenarios.ts";
import type { Scenario } from "./scenario.ts";
import { fakeStage } from "./fake-stage.ts";

const HOLDS: CheckResult = { group: "g", name: "n", expected: "1", seen: "1", ok: true };

interface Run {
  told: string[];
  results: CheckResult[] | unknown;
  /** The reported result of each scenario. */
  found: CheckResult[][];
}

async function run(scenarios: Scenario[], signal = new AbortController().signal): Promise<Run> {
  const told: string[] = [];
  const found: CheckResult[][] = [];
  const stageFor = (until: AbortSignal): ReturnType<typeof fakeStage> =>
    fakeStage({ signal: until, report: (what) => told.push(what) });
  const results = await runScenarios(scenarios, stageFor, {
    signal,
    onResults: (each) => found.push(each),
  }).catch((error: unknown) => error);
  return { told, results, found };
}

describe("scenarios", () => {
  test("run one after another, and each reports its results when it is over", async () => {
    const { told, results, found } = await run([
      { name: "one", run: async () => [HOLDS] },
      { name: "two", run: async () => [HOLDS, { ...HOLDS, ok: false }] },
    ]);
    expect(results).toEqual([HOLDS, HOLDS, { ...HOLDS, ok: false }]);
    expect(found.map(({ length }) => length)).toEqual([1, 2]);
    expect(told).toEqual(["one", "one: 0 s", "two", "two: 0 s"]);
  });

  test("that throw are failed checks, clean up, and the next one runs", async () => {
    const cleaned: string[] = [];
    const { results } = await run([
      {
        name: "one",
        run: async () => Promise.reject(new Error("the engine is gone")),
        clean: async () => cleaned.push("one"),
      },
      { name: "two", run: async () => [HOLDS], clean: async () => cleaned.push("two") },
    ]);
    expect(results).toEqual([
      { group: "one", name: "completes", expected: "yes", seen: "the engine is gone", ok: false },
      HOLDS,
    ]);
    expect(cleaned).toEqual(["one", "two"]);
  });

  test("that cannot clean up report it, keep their results, and the next one runs", async () => {
    const { told, results } = await run([
      { name: "one", run: async () => [HOLDS], clean: async () => Promise.reject(new Error("gone")) },
      { name: "two", run: async () => [HOLDS] },
    ]);
    expect(told).toContain("cleaning up after one failed: gone");
    expect(results).toEqual([HOLDS, HOLDS]);
  });

  test("that the user ends clean up with a separate signal, and nothing more runs or is reported", async () => {
    const controller = new AbortController();
    const seen: string[] = [];
    const { results, found } = await run(
      [
        {
          name: "one",
          async run({ signal }) {
            controller.abort();
            signal.throwIfAborted();
            return [];
          },
          clean: async ({ signal }) => seen.push(`cleaned up, called off: ${signal.aborted}`),
        },
        { name: "two", run: async () => Promise.reject(new Error("it runs")) },
      ],
      controller.signal,
    );
    expect(String(results)).toContain("abort");
    expect(found).toEqual([]);
    expect(seen).toEqual(["cleaned up, called off: false"]);
  });
});
