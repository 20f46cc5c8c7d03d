import { seededRandom } from "../../../traffic/random.ts";
import type { Observation } from "../types.ts";

/** The distribution of requests. Each part may change with time, in seconds. */
export interface Traffic {
  seconds: number;
  /** Requests per second. */
  rate(t: number): number;
  share(t: number): number;
  /** The probability of a failure, for each revision. */
  fails(t: number, candidate: boolean): number;
  /** The latency of a uniform number, in milliseconds. */
  ms?(u: number, candidate: boolean, t: number): number;
}

/** Draws requests that are independent given the time, and the same for the same seed. */
export function* draw(traffic: Traffic, seed: number): Generator<Observation> {
  // Neighbouring seeds would yield similar sequences.
  const random = seededRandom(Bun.hash.murmur32v3(String(seed)) | 0);
  const ms = traffic.ms ?? lognormal;
  for (let t = 0; ;) {
    t += -Math.log(1 - random()) / traffic.rate(t);
    if (t > traffic.seconds) return;
    const share = traffic.share(t);
    const candidate = random() < share;
    yield {
      t,
      revision: candidate ? "candidate" : "baseline",
      ok: random() >= traffic.fails(t, candidate),
      ms: ms(random(), candidate, t),
      share,
    };
  }
}

/**
 * Approximately log-normal: 20 ms at the median, 64 ms at p99 (by the logistic approximation of the normal quantile).
 */
export function lognormal(u: number): number {
  const inside = Math.min(0.99999, Math.max(0.00001, u));
  return 20 * Math.exp((0.5 * Math.log(inside / (1 - inside))) / 1.702);
}

/** A share that grows by a tenth each minute, up to a half. */
export function ramp(t: number): number {
  return Math.min(0.5, 0.1 * (1 + Math.floor(t / 60)));
}
