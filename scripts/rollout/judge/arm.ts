import { proportion } from "./statistics/bernoulli.ts";
import { Histogram, type HistogramState } from "./statistics/histogram.ts";
import type { OutcomeKind } from "../../traffic/outcome-kind.ts";
import type { ArmEvidence } from "./types.ts";

export interface ArmState {
  requests: number;
  failed: number;
  rejected: number;
  abandoned: number;
  latencies: HistogramState;
}

/** The counts of one revision. */
export class ArmCounts {
  requests = 0;
  failed = 0;
  rejected = 0;
  abandoned = 0;
  readonly #latencies = new Histogram();

  add(kind: OutcomeKind, ms: number, count: number): void {
    this.requests += count;
    if (kind === "success") this.#latencies.add(ms, count);
    else if (kind === "error") this.failed += count;
    else this[kind] += count;
  }

  /** @param level the probability that an interval misses the true value */
  evidence(level: number): ArmEvidence {
    const { requests, failed } = this;
    return {
      requests,
      failed,
      rejected: this.rejected,
      abandoned: this.abandoned,
      errors: requests === 0 ? undefined : proportion(requests, failed, level),
      median: this.#latencies.estimate(0.5, level),
      p99: this.#latencies.estimate(0.99, level),
    };
  }

  snapshot(): ArmState {
    return {
      requests: this.requests,
      failed: this.failed,
      rejected: this.rejected,
      abandoned: this.abandoned,
      latencies: this.#latencies.snapshot(),
    };
  }

  restore(state: ArmState): void {
    this.requests = state.requests;
    this.failed = state.failed;
    this.rejected = state.rejected;
    this.abandoned = state.abandoned;
    this.#latencies.restore(state.latencies);
  }
}
