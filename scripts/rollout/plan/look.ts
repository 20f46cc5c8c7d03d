import type { Outcome, OutcomeSource } from "../../sources/source.ts";
import type { Clock } from "../clock.ts";
import { count, emptyTally, quantile, type Side } from "../tally.ts";

/** The observed traffic of a service. */
export interface Traffic {
  /** How long the traffic was observed, in milliseconds. */
  ms: number;
  /** Requests per second that the split applies to. */
  rps: number;
  /** The fraction of them that failed, from 0 to 1; undefined without requests. */
  errors: number | undefined;
  /** Milliseconds; undefined without requests. */
  median: number | undefined;
  p99: number | undefined;
}

/** Observes the traffic for a while. If the source has reported nothing by then, waits for its maximal lag. */
export async function look(
  source: OutcomeSource,
  clock: Clock,
  ms: number,
  signal: AbortSignal,
): Promise<Traffic> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const heard = new Heard();
  const failed = Promise.withResolvers<never>();
  const reading = read(source, heard, either).catch(failed.reject);
  const from = clock.now();
  try {
    await Promise.race([clock.sleep(ms, either), failed.promise]);
    if (heard.requests === 0)
      await Promise.race([clock.sleep(source.lagMs, either), heard.first, failed.promise]);
  } finally {
    over.abort();
    await reading;
  }
  signal.throwIfAborted();
  return heard.traffic(clock.now() - from);
}

async function read(source: OutcomeSource, heard: Heard, signal: AbortSignal): Promise<void> {
  try {
    for await (const outcomes of source.outcomes(signal)) for (const outcome of outcomes) heard.add(outcome);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** The outcomes so far. */
class Heard {
  readonly #side: Side = emptyTally().baseline;
  readonly #first = Promise.withResolvers<void>();
  /** For a source that reads counters: the interval that its outcomes cover. */
  #counted: { fromMs: number; toMs: number } | undefined;

  get requests(): number {
    return this.#side.requests;
  }

  /** Resolves at the first request. */
  get first(): Promise<void> {
    return this.#first.promise;
  }

  add({ ok, ms, count: requests, excluded, sinceMs, atMs }: Outcome): void {
    if (excluded !== undefined) return;
    count(this.#side, ok, ms, requests);
    this.#first.resolve();
    if (sinceMs === undefined) return;
    const { fromMs, toMs } = this.#counted ?? { fromMs: sinceMs, toMs: atMs };
    this.#counted = { fromMs: Math.min(fromMs, sinceMs), toMs: Math.max(toMs, atMs) };
  }

  traffic(lookedMs: number): Traffic {
    const { requests, errors } = this.#side;
    const { fromMs, toMs } = this.#counted ?? { fromMs: 0, toMs: lookedMs };
    return {
      ms: lookedMs,
      rps: requests === 0 ? 0 : requests / (Math.max(1, toMs - fromMs) / 1_000),
      errors: requests === 0 ? undefined : errors / requests,
      median: quantile(this.#side, 0.5),
      p99: quantile(this.#side, 0.99),
    };
  }
}
