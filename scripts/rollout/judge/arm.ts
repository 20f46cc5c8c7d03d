import { proportion } from "./statistics/bernoulli.ts";
import { Histogram, type HistogramState } from "./statistics/histogram.ts";
import type { ArmEvidence } from "./types.ts";

export interface ArmState {
  requests: number;
  failed: number;
  latencies: HistogramState;
}

/** What one revision has shown. */
export class ArmCounts {
  requests = 0;
  failed = 0;
  readonly #latencies = new Histogram();

  add(ok: boolean, ms: number, count: number): void {
    this.requests += count;
    if (ok) this.#latencies.add(ms, count);
    else this.failed += count;
  }

  /** @param level how often an interval may miss, 0 to 1 */
  evidence(level: number): ArmEvidence {
    const { requests, failed } = this;
    return {
      requests,
      failed,
      errors: requests === 0 ? undefined : proportion(requests, failed, level),
      median: this.#latencies.estimate(0.5, level),
      p99: this.#latencies.estimate(0.99, level),
    };
  }

  snapshot(): ArmState {
    return { requests: this.requests, failed: this.failed, latencies: this.#latencies.snapshot() };
  }

  restore(state: ArmState): void {
    this.requests = state.requests;
    this.failed = state.failed;
    this.#latencies.restore(state.latencies);
  }
}
