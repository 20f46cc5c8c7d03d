import { heapStats } from "bun:jsc";
import { trafficJudge } from "../../rollout/rollout-judge/traffic-judge.ts";
import { makePlan } from "../../rollout/plan/plan.ts";
import type { Settings } from "../../rollout/plan/settings.ts";
import { OutcomeRecorder } from "../../rollout/outcomes/outcome-recorder.ts";
import { Shares } from "../../rollout/outcomes/share-history.ts";
import type { Outcome } from "../../sources/source.ts";
import { drawObservations } from "../judge/speed.ts";
import type { Curve } from "./report.ts";

const SETTINGS: Settings = {
  ...{ stepMs: 60_000, stepLimitMs: 900_000, onUndecided: "hold", bakeMs: 120_000 },
  ...{ readyDeadlineMs: 300_000, forceDeadlineMs: 60_000, restoreDeadlineMs: 600_000 },
  ...{ alpha: 0.01, beta: 0.05, tolerateErrors: 0, tolerateErrorRate: 0, tolerateLatency: 0.25 },
  latencyFloorMs: 5,
};
/** Requests per second of each rollout, and between two measurements of its memory. */
const RPS = 100;
const PER_BEAT = 250;

/** The memory per rollout, of many in this process, after numbers of requests: its kept outcomes and its judge. */
export function rolloutMemory(rollouts: number, requests: readonly number[]): Curve {
  const drawn = drawObservations(50_000);
  const before = memory();
  const all = Array.from({ length: rollouts }, recorder);
  let done = 0;
  const points = requests.map((size) => {
    for (; done < size; done += PER_BEAT) {
      const atMs = (done * 1000) / RPS;
      for (const [i, each] of all.entries()) {
        each.hear(
          Array.from({ length: PER_BEAT }, (_, j): Outcome => {
            const { revision, ok, ms } = drawn[(done + j + 997 * i) % drawn.length] ?? FIRST;
            return { atMs: atMs + j, revision, ok, ms, count: 1, excluded: undefined };
          }),
        );
        each.note(atMs, 50, each.ruling(100), false);
      }
    }
    return { size, value: (memory() - before) / rollouts / 1024 };
  });
  // Keeps the measured objects alive until here.
  if (all.length !== rollouts) throw new Error("no rollouts");
  return { name: `memory of one of ${rollouts} rollouts`, of: "requests", unit: "KiB", points };
}

const FIRST = { revision: "baseline", ok: true, ms: 1 } as const;

function recorder(): OutcomeRecorder {
  const target = (revision: string, percent: number) => ({ revision, tag: revision, percent, latest: false });
  const plan = makePlan({
    ...{ id: "bench", service: "bench", to: "candidate", percents: [50, 100], by: "bench", atMs: 0 },
    engine: { name: "bench", place: "memory" },
    source: { name: "bench", place: "memory", lagMs: 0 },
    live: { targets: [target("baseline", 100), target("candidate", 0)], version: "1", changed: undefined },
    revisions: ["baseline", "candidate"],
    settings: SETTINGS,
  });
  const shares = new Shares();
  shares.set(-60_000, 0.5);
  return new OutcomeRecorder(plan, trafficJudge(SETTINGS, undefined), shares, undefined);
}

/** Bytes of JavaScript objects and their buffers. */
function memory(): number {
  Bun.gc(true);
  const { heapSize } = heapStats();
  return heapSize;
}
