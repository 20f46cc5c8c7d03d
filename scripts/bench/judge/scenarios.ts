/** What happens to requests, and what a change does to them. */
export interface Scenario {
  name: string;
  /** A good one is to be let through, a bad one to be found. */
  kind: "good" | "bad";
  /** The share of requests that fail, 0 to 1. */
  baseline: number;
  candidate: number;
  /** How many times as long the candidate takes, and in which of its requests: 0.05 for the slowest twentieth. */
  slower?: { factor: number; of: number };
  /** Both fail like this, 0 to 1, for ten seconds at 40 times of two hours that chance decides. */
  bursts?: number;
  /** The load goes from a tenth to nearly twice and back, and the latency of both with it. */
  swings?: boolean;
  /**
   * Each pod of each version fails everything for `seconds`, on average once in `every` seconds, at independent times: the same
   * law for both versions.
   */
  outages?: { every: number; seconds: number; pods: number };
  /** Each version has an independent latency level for so many seconds: a log-normal factor with this spread. */
  levels?: { seconds: number; spread: number };
  /** How long a rollout is looked at, if it is not `HORIZON`. */
  seconds?: number;
  /** The share of false rollbacks that is accepted, if it is not alpha: failures that come together say less than they seem to. */
  accepted?: number;
  /** No requests at all. */
  silent?: boolean;
}

/** Seconds that a rollout is looked at: everything is decided by then, or has failed to be. */
export const HORIZON = 7200;
export const SHORT_HORIZON = 600;

/** Requests a second. */
export const LOADS = [0.02, 0.1, 1, 5, 20, 100] as const;

export const SCENARIOS: readonly Scenario[] = [
  { name: "equal 0.1 %", kind: "good", baseline: 0.001, candidate: 0.001 },
  { name: "equal 1 %", kind: "good", baseline: 0.01, candidate: 0.01 },
  { name: "equal 5 %", kind: "good", baseline: 0.05, candidate: 0.05 },
  { name: "daily swing", kind: "good", baseline: 0.01, candidate: 0.01, swings: true },
  { name: "common bursts", kind: "good", baseline: 0.001, candidate: 0.001, bursts: 0.3 },
  { name: "latency x1.2", kind: "good", baseline: 0.001, candidate: 0.001, slower: { factor: 1.2, of: 1 } },
  together("own outages, 1 s per 20 min", { every: 1200, seconds: 1, pods: 1 }),
  together("own outages, 2 s per 5 min", { every: 300, seconds: 2, pods: 1 }),
  together("own outages, 1 of 3 pods", { every: 1200, seconds: 1, pods: 3 }),
  together("own outages, 1 of 5 pods", { every: 1200, seconds: 2, pods: 5 }),
  {
    name: "own latency levels",
    kind: "good",
    baseline: 0.001,
    candidate: 0.001,
    levels: { seconds: 30, spread: 0.3 },
    seconds: 1200,
    accepted: 0.03,
  },
  { name: "silent", kind: "good", baseline: 0, candidate: 0, silent: true },
  { name: "0.1 to 0.5 %", kind: "bad", baseline: 0.001, candidate: 0.005 },
  { name: "0.1 to 2 %", kind: "bad", baseline: 0.001, candidate: 0.02 },
  { name: "0.1 to 5 %", kind: "bad", baseline: 0.001, candidate: 0.05 },
  { name: "0.1 to 20 %", kind: "bad", baseline: 0.001, candidate: 0.2 },
  { name: "1 to 2 %", kind: "bad", baseline: 0.01, candidate: 0.02 },
  { name: "1 to 5 %", kind: "bad", baseline: 0.01, candidate: 0.05 },
  { name: "all errors", kind: "bad", baseline: 0.001, candidate: 1 },
  { name: "latency x2", kind: "bad", baseline: 0.001, candidate: 0.001, slower: { factor: 2, of: 1 } },
  { name: "p99 x2", kind: "bad", baseline: 0.001, candidate: 0.001, slower: { factor: 2, of: 0.05 } },
];

/** A request is harmed if the candidate fails it and the baseline would not have, or takes longer than tolerated. */
export function harmPerRequest({ baseline, candidate, slower, kind }: Scenario): number {
  if (kind === "good") return 0;
  return candidate - baseline + (slower === undefined ? 0 : slower.of * (1 - baseline));
}

/** The load relative to its mean: a daily cycle, compressed into the two hours of the horizon. */
export function loadFactor({ swings, silent }: Scenario, t: number): number {
  if (silent === true) return 0;
  return swings === true ? 1 - 0.9 * Math.cos((2 * Math.PI * t) / HORIZON) : 1;
}

/** Equal versions with independent outages. */
function together(name: string, outages: NonNullable<Scenario["outages"]>): Scenario {
  return { name, kind: "good", baseline: 0.001, candidate: 0.001, outages, seconds: 1200, accepted: 0.02 };
}
