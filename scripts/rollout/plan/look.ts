import type { Engine, Outcome } from "../../traffic/engine.ts";
import type { Clock } from "../run/clock.ts";
import { count, emptyTally, quantile, type Side } from "../run/tally.ts";

/** The traffic of a service, as it was seen for a while. */
export interface Traffic {
  /** How long was looked. */
  ms: number;
  /** Requests a second that the split decides about. */
  rps: number;
  /** The part of them that failed, from 0 to 1; undefined without requests. */
  errors: number | undefined;
  /** Milliseconds; undefined without requests. */
  median: number | undefined;
  p99: number | undefined;
}

/** Looks at the traffic for a while. */
export async function look(engine: Engine, clock: Clock, ms: number, signal: AbortSignal): Promise<Traffic> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const side = emptyTally().baseline;
  const hearing = hear(engine, either, side);
  const from = clock.now();
  await Promise.race([clock.sleep(ms, signal), hearing.then(() => clock.sleep(ms, either))]);
  over.abort();
  await hearing;
  signal.throwIfAborted();
  const took = clock.now() - from;
  const { requests, errors } = side;
  return {
    ms: took,
    rps: requests / (took / 1000),
    errors: requests === 0 ? undefined : errors / requests,
    median: quantile(side, 0.5),
    p99: quantile(side, 0.99),
  };
}

async function hear(engine: Engine, signal: AbortSignal, side: Side): Promise<void> {
  try {
    for await (const outcomes of engine.outcomes(signal)) outcomes.forEach((outcome) => add(side, outcome));
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function add(side: Side, { ok, ms, count: requests, excluded }: Outcome): void {
  if (excluded === undefined) count(side, ok, ms, requests);
}
