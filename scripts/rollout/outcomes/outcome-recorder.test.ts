import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Outcome, OutcomeSource } from "../../sources/source.ts";
import { Simulation } from "../testing/simulation.ts";
import type { Observation } from "../rollout-judge/rollout-judge.ts";
import { OutcomeRecorder } from "./outcome-recorder.ts";
import { Shares } from "./share-history.ts";

const { plan } = new Simulation();
const CHANGING = "the split was changing";

/** Returns a recorder whose judge collects its input. */
function recorderOf(shares: Shares): { recorder: OutcomeRecorder; judged: Observation[] } {
  const judged: Observation[] = [];
  const judge = {
    restored: false,
    observe: (observations: readonly Observation[]) => void judged.push(...observations),
    ruling: () => ({ verdict: "undecided" as const, because: "", evidence: [], misdirected: false }),
    snapshot: () => undefined,
  };
  return { recorder: new OutcomeRecorder(plan, judge, shares, undefined), judged };
}

function outcome(more: Partial<Outcome>): Outcome {
  return { atMs: 0, revision: plan.candidate, ok: true, ms: 0, count: 1, excluded: undefined, ...more };
}

describe("outcomes are evidence at the share that was in force when their requests were sent", () => {
  const shares = new Shares();
  shares.set(1_000, 0.1);
  shares.set(2_000, undefined);
  shares.set(3_000, 0.5);
  shares.set(4_000, 0.5);

  test.each([
    ["at a known time", { atMs: 1_500 }, 0.1],
    ["sent before the change", { atMs: 3_500, ms: 1_800 }, 0.1],
    ["sent while the split was changing", { atMs: 2_500 }, undefined],
    ["between two scrapes within one share", { sinceMs: 1_100, atMs: 1_900, ms: 50 }, 0.1],
    ["between two scrapes of two shares", { sinceMs: 1_500, atMs: 3_500, ms: 50 }, undefined],
    [
      "between scrapes within one share, but perhaps sent before it",
      { sinceMs: 3_010, atMs: 3_500, ms: 50 },
      undefined,
    ],
    [
      "bounded by the latest time that its latency bucket allows",
      { sinceMs: 1_600, atMs: 2_050, ms: 200, fromMs: 100 },
      0.1,
    ],
    ["across a change to the same share", { sinceMs: 3_100, atMs: 4_500, ms: 50 }, 0.5],
    ["before the first share", { sinceMs: 900, atMs: 1_500 }, undefined],
  ] satisfies [string, Partial<Outcome>, number | undefined][])("answered %s", (_, given, share) => {
    const { recorder, judged } = recorderOf(shares);
    recorder.hear([outcome(given)]);
    expect(judged.map((observation) => observation.share)).toEqual(share === undefined ? [] : [share]);
    expect(recorder.tally.excluded[CHANGING]).toBe(share === undefined ? 1 : undefined);
  });

  test("for any reading interval of the source and any latency", () => {
    const times = (most: number) =>
      fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: most });
    const requests = fc.array(
      fc.record({ sentMs: fc.integer({ min: 0, max: 20_000 }), tookMs: fc.integer({ min: 1, max: 900 }) }),
      { minLength: 1, maxLength: 40 },
    );
    let evidence = 0;
    fc.assert(
      fc.property(times(6), times(12), requests, (changes, scrapes, sent) => {
        const steps = [...new Set([0, ...changes])].sort((a, b) => a - b);
        const history = new Shares();
        for (const [i, atMs] of steps.entries()) history.set(atMs, (i + 1) / 10);
        const shareAt = (ms: number): number => (steps.findLastIndex((step) => step <= ms) + 1) / 10;
        const looks = [...new Set([0, ...scrapes, 30_000])].sort((a, b) => a - b);
        for (const { sentMs, tookMs } of sent) {
          const answeredMs = sentMs + tookMs;
          const look = looks.findIndex((atMs) => atMs >= answeredMs);
          const bucket = Math.ceil(tookMs / 100) * 100;
          const { recorder, judged } = recorderOf(history);
          recorder.hear([
            outcome({
              sinceMs: looks[look - 1] ?? 0,
              atMs: looks[look] ?? 0,
              ms: bucket,
              fromMs: bucket - 100,
            }),
          ]);
          evidence += judged.length;
          for (const { share } of judged) expect(share).toBe(shareAt(sentMs));
        }
      }),
    );
    expect(evidence).toBeGreaterThan(100);
  });
});

/** Returns the outcomes of another source as if it read counters at this interval. */
function readEvery(source: OutcomeSource, ms: number): OutcomeSource {
  return {
    ...{ name: "rare", place: "memory", lagMs: ms },
    async *outcomes(signal) {
      let read: { atMs: number; outcomes: Outcome[] } | undefined;
      for await (const batch of source.outcomes(signal)) {
        const atMs = Math.max(...batch.map((each) => each.atMs));
        read ??= { atMs, outcomes: [] };
        read.outcomes.push(...batch);
        if (atMs - read.atMs < ms) continue;
        const sinceMs = read.atMs;
        yield read.outcomes.map((each) => ({ ...each, sinceMs, atMs }));
        read = { atMs, outcomes: [] };
      }
    },
  };
}

describe("with a source that reads counters every 15 s", () => {
  test("no step ends before its own outcomes have arrived", async () => {
    const simulation = new Simulation({ settings: { stepMs: 3_000 } });
    const state = await simulation.run({ source: readEvery(simulation.engine, 15_000) });
    expect(state.phase).toBe("promoted");
    const steps = simulation.entries.filter((entry) => entry.state.phase === "judging");
    expect(steps).toHaveLength(2);
    for (const step of steps) {
      const next = simulation.entries[simulation.entries.indexOf(step) + 1];
      // The reading that covers the change is not evidence for this step; the next one is.
      const tookMs = (next?.state.sinceMs ?? 0) - step.state.sinceMs;
      expect(tookMs).toBeGreaterThan(15_000);
      expect(tookMs).toBeLessThan(35_000);
    }
  });

  test("a candidate that begins to fail is detected nevertheless", async () => {
    const simulation = new Simulation({ settings: { stepMs: 3_000 }, errors: 0.5 });
    const state = await simulation.run({ source: readEvery(simulation.engine, 15_000) });
    expect(state.phase).toBe("rolled back");
  });
});
