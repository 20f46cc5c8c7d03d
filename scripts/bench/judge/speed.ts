import { createJudge } from "../../rollout/judge/judge.ts";
import type { Observation } from "../../rollout/judge/types.ts";
import { Requests } from "./requests.ts";
import { SCENARIOS } from "./scenarios.ts";

/** The cost of a judge. */
export interface Speed {
  /** Requests judged one by one, per second of processor time of one core. */
  eventsPerSecond: number;
  /** The size of a judge after so many requests, as the length of its state in JSON; it does not grow. */
  stateBytesAfter: { thousand: number; million: number };
}

const EVENTS = 3_000_000;

/**
 * Measures only the judge: the requests are generated beforehand.
 * @param now a clock of processor time, in milliseconds
 */
export function measureSpeed(now: () => number): Speed {
  const observations = drawObservations(100_000);
  run(observations, 300_000);
  const start = now();
  run(observations, EVENTS);
  const seconds = (now() - start) / 1000;
  return {
    eventsPerSecond: Math.round(EVENTS / seconds),
    stateBytesAfter: {
      thousand: stateAfter(observations, 1000),
      million: stateAfter(observations, 1_000_000),
    },
  };
}

function run(observations: readonly Observation[], events: number): void {
  const judge = createJudge();
  for (let i = 0; i < events; i++) judge.observe(observations[i % observations.length] as Observation);
}

function stateAfter(observations: readonly Observation[], events: number): number {
  const judge = createJudge();
  for (let i = 0; i < events; i++) judge.observe(observations[i % observations.length] as Observation);
  return JSON.stringify(judge.snapshot()).length;
}

/** Generates requests of an even split between equal versions. */
export function drawObservations(count: number): Observation[] {
  const scenario = SCENARIOS.find(({ name }) => name === "equal 1 %");
  if (scenario === undefined) throw new Error("the scenario of the measurement is gone");
  const requests = new Requests(scenario, 1000, 1);
  const observations: Observation[] = [];
  for (let s = 0; observations.length < count; s++) {
    requests.second(s, ({ t, lot, baselineOk, baselineMs }) => {
      const revision = lot < 0.5 ? "candidate" : "baseline";
      observations.push({ t, revision, ok: baselineOk, ms: baselineMs, share: 0.5 });
    });
  }
  return observations.slice(0, count);
}
