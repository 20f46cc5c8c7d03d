import type { Outcome, OutcomeSource } from "../../sources/source.ts";
import type { Clock } from "../clock.ts";
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
export async function look(
  source: OutcomeSource,
  clock: Clock,
  ms: number,
  signal: AbortSignal,
): Promise<Traffic> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const side = emptyTally().baseline;
  const batches: Batch[] = [];
  const hearing = hear(source, clock, either, side, batches);
  const from = clock.now();
  await Promise.race([clock.sleep(ms, signal), hearing.then(() => clock.sleep(ms, either))]);
  over.abort();
  await hearing;
  signal.throwIfAborted();
  const took = clock.now() - from;
  const { requests, errors } = side;
  return {
    ms: took,
    rps: rateOf(batches, took),
    errors: requests === 0 ? undefined : errors / requests,
    median: quantile(side, 0.5),
    p99: quantile(side, 0.99),
  };
}

interface Batch {
  atMs: number;
  requests: number;
}

/** Requests a second. A source that compares counters reports nothing before it has read them twice. */
function rateOf(batches: readonly Batch[], tookMs: number): number {
  const [first] = batches;
  const last = batches.at(-1);
  const all = batches.reduce((sum, { requests }) => sum + requests, 0);
  if (first === undefined || last === undefined || last.atMs - first.atMs < tookMs / 4)
    return all / (tookMs / 1000);
  return (all - first.requests) / ((last.atMs - first.atMs) / 1000);
}

async function hear(
  source: OutcomeSource,
  clock: Clock,
  signal: AbortSignal,
  side: Side,
  batches: Batch[],
): Promise<void> {
  try {
    for await (const outcomes of source.outcomes(signal)) {
      const before = side.requests;
      for (const outcome of outcomes) add(side, outcome);
      batches.push({ atMs: clock.now(), requests: side.requests - before });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function add(side: Side, { ok, ms, count: requests, excluded }: Outcome): void {
  if (excluded === undefined) count(side, ok, ms, requests);
}
