import { createJudge } from "../../rollout/judge/judge.ts";
import type { Observation } from "../../rollout/judge/types.ts";
import { median } from "../http/rounds.ts";
import { drawObservations } from "../judge/speed.ts";
import type { Curve } from "./report.ts";

const EVENTS = 1_000_000;

/** The total number of requests per second that a number of parallel judges process. */
export function judgeSpeeds(sizes: readonly number[], rounds: number): Curve[] {
  const observations = drawObservations(50_000);
  const speeds = sizes.map((size) => {
    const rates: number[] = [];
    for (let round = 0; round < rounds; round++) rates.push(rateOf(observations, size));
    return { size, value: median(rates) };
  });
  return [{ name: "requests judged", of: "rollouts side by side", unit: "events/s", points: speeds }];
}

function rateOf(observations: readonly Observation[], size: number): number {
  const judges = Array.from({ length: size }, () => createJudge());
  const began = performance.now();
  for (let i = 0; i < EVENTS; i++) {
    const observation = observations[Math.floor(i / size) % observations.length];
    if (observation !== undefined) judges[i % size]?.observe(observation);
  }
  return EVENTS / ((performance.now() - began) / 1000);
}
