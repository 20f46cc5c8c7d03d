import { createJudge, type Judge, restoreJudge, type Verdict } from "../judge/judge.ts";
import { mixedSeed, seededRandom } from "../../traffic/random.ts";
import { previewJudge } from "./preview-judge.ts";
import { checkJudge } from "./check-judge.ts";
import { routeJudge } from "./route-judge.ts";
import type { EvidenceLine, RolloutJudge, MakeJudge, Observation, Ruling } from "./rollout-judge.ts";

/** Makes the judge that a rollout's settings require; from a checkpoint it continues. */
export const trafficJudge: MakeJudge = (settings, snapshot) =>
  settings.preview === undefined ? ofSplit(settings, snapshot) : previewJudge(settings, snapshot, ofSplit);

const ofSplit: MakeJudge = (settings, snapshot) =>
  (settings.checks ?? []).length > 0
    ? checkJudge(settings, snapshot, ofRequests)
    : ofRequests(settings, snapshot);

const ofRequests: MakeJudge = (settings, snapshot) =>
  settings.byRoute ? routeJudge(settings, snapshot, ofAllRequests) : ofAllRequests(settings, snapshot);

const ofAllRequests: MakeJudge = (settings, snapshot) => {
  const { alpha, beta, tolerateErrors, tolerateErrorRate, tolerateLatency } = settings;
  const tolerate = { errors: tolerateErrors, errorRate: tolerateErrorRate, latency: tolerateLatency };
  const before = restored(snapshot);
  const judge = before ?? createJudge({ alpha, beta, tolerate });
  return rolloutJudge(judge, settings.latencyFloorMs, before !== undefined);
};

/**
 * @param floorMs latencies below it count as equal: a fresh process may take 0.5 ms instead of 0.25 ms, and that
 *   ratio harms no caller. The floor treats both revisions alike, so that the tests stay valid.
 */
function rolloutJudge(judge: Judge, floorMs: number, isRestored: boolean): RolloutJudge {
  return {
    restored: isRestored,
    observe(observations) {
      // Counters yield bounds and no order; single requests yield their exact latency.
      const counted = observations.some(({ fromMs }) => fromMs !== undefined);
      for (const { atMs, who, ok, kind, ms, fromMs = ms, count, share, unit } of counted
        ? shuffled(observations)
        : observations) {
        judge.observe({
          t: atMs / 1000,
          revision: who,
          ok,
          kind,
          unit,
          ms: Math.max(ms, floorMs),
          fromMs: Math.max(fromMs, floorMs),
          count,
          share,
        });
      }
    },
    ruling: (next) => rulingOf(judge.verdict(next)),
    snapshot: () => judge.snapshot(),
  };
}

function rulingOf({ verdict, because, evidence }: Verdict): Ruling {
  const { worse, notWorse, misdirected } = evidence;
  const shown = (name: EvidenceLine["name"], value: number): EvidenceLine => ({
    name,
    value: Math.max(0, value),
    threshold: notWorse.threshold,
  });
  return {
    verdict,
    because,
    evidence: [
      { name: "worse", value: Math.max(0, worse.peak), threshold: worse.threshold },
      shown("no more errors", notWorse.tests.errors),
      shown("no slower median", notWorse.tests.median),
      shown("no slower p99", notWorse.tests.p99),
    ],
    misdirected: misdirected >= Math.log(1000),
  };
}

/** Restores a judge from a snapshot. A damaged snapshot, or one of an older version, is ignored. */
function restored(snapshot: unknown): Judge | undefined {
  if (snapshot === undefined) return undefined;
  try {
    return restoreJudge(snapshot);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/**
 * Returns the requests that counters added between two reads, in a random order. Counters are sorted by revision and
 * latency, and the judge, which tests for runs, would take that for the order of the requests. The true order is
 * unknown, and every order is equally likely. A batch always gets the same order, so that a decision can be
 * reproduced.
 */
export function shuffled(batch: readonly Observation[]): Observation[] {
  const each = batch.flatMap((observation) =>
    Array.from({ length: observation.count }, () => ({ ...observation, count: 1 })),
  );
  const random = seededRandom(mixedSeed(Math.trunc(batch[0]?.atMs ?? 0)));
  for (let i = each.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [each[i], each[j]] = [each[j] as Observation, each[i] as Observation];
  }
  return each;
}
