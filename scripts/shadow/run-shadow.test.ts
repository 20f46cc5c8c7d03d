import { describe, expect, test } from "bun:test";
import type { ShadowCounts } from "./counts.ts";
import type { Mirror } from "./mirror/mirror.ts";
import { type Look, runShadow, type RunShadowOptions } from "./run-shadow.ts";
import { directed, sampleCounts } from "./testing/sample-counts.ts";

/** A mirror that answers with these counts in turn; the last one stays. */
function fakeMirror(answers: readonly unknown[], failing?: Error): Mirror & { calls: string[] } {
  const calls: string[] = [];
  let asked = 0;
  return {
    calls,
    place: "routes.yaml:1",
    async start() {
      calls.push("start");
      if (failing !== undefined) throw failing;
    },
    async stop() {
      calls.push("stop");
    },
    isThere: async () => false,
    async ask() {
      return answers[Math.min(asked++, answers.length - 1)];
    },
  };
}

const counts = (pairs: number, candidate = 0): ShadowCounts =>
  sampleCounts({
    pairs,
    fields: { answered: directed(pairs), ok: directed(pairs, { fail: { candidate, control: 0 } }) },
  });

async function run(mirror: Mirror, more: Partial<RunShadowOptions> = {}) {
  let now = 0;
  const looks: Look[] = [];
  const troubles: string[] = [];
  const ended = await runShadow({
    mirror,
    run: { id: "abc123", percent: 10, env: {} },
    criteria: [],
    forMs: 10_000,
    toTheEnd: false,
    signal: new AbortController().signal,
    now: () => now,
    sleep: async (ms) => void (now += ms),
    onLook: (look) => looks.push(look),
    onTrouble: (what) => troubles.push(what),
    ...more,
  });
  return { ended, looks, troubles };
}

describe("a comparison", () => {
  test("ends when it is decided, and takes the mirror back", async () => {
    const mirror = fakeMirror([counts(100), counts(2000), counts(6000)]);
    const { ended, looks } = await run(mirror);
    expect(ended).toMatchObject({
      endedMs: 3000,
      isInterrupted: false,
      last: { assessment: { verdict: "accepted" } },
    });
    expect(looks.map(({ counts: { pairs } }) => pairs)).toEqual([100, 2000, 6000]);
    expect(mirror.calls).toEqual(["start", "stop"]);
  });

  test("ends when its time is over, decided or not", async () => {
    const { ended } = await run(fakeMirror([counts(100)]));
    expect([ended.endedMs, ended.last?.assessment.verdict]).toEqual([10_000, "undecided"]);
    const decided = await run(fakeMirror([counts(6000)]), { toTheEnd: true });
    expect([decided.ended.endedMs, decided.ended.last?.assessment.verdict]).toEqual([10_000, "accepted"]);
  });

  test("continues while the shadow service is unreachable, which is reported, and keeps its earlier counts", async () => {
    const again = { ...counts(3000), instance: "two" };
    const { ended, troubles } = await run(
      fakeMirror([counts(3000), undefined, { error: "starting" }, again]),
    );
    expect(troubles.length).toBe(2);
    expect(ended.last).toMatchObject({ counts: { pairs: 6000 }, assessment: { verdict: "accepted" } });
  });

  test("takes the mirror back when it is interrupted, with a last look", async () => {
    const interruption = new AbortController();
    const mirror = fakeMirror([counts(100), counts(120)]);
    const { ended } = await run(mirror, {
      signal: interruption.signal,
      onLook: () => interruption.abort(),
    });
    expect(ended).toMatchObject({ isInterrupted: true, last: { counts: { pairs: 120 } } });
    expect(mirror.calls).toEqual(["start", "stop"]);
  });

  test("removes the written objects if it cannot start", async () => {
    const mirror = fakeMirror([], new Error("no mesh"));
    expect(run(mirror)).rejects.toThrow("no mesh");
    expect(mirror.calls).toEqual(["start", "stop"]);
  });
});
