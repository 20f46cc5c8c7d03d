/** A scenario: the outcomes of requests to the baseline, and the candidate's difference. */
export interface Scenario {
  name: string;
  /** A good candidate should be promoted, a bad one found. */
  kind: "good" | "bad";
  /** The share of requests that fail, 0 to 1. */
  baseline: number;
  candidate: number;
  /** The candidate's latency as a multiple, and the share of its requests concerned: 0.05 for the slowest 5 %. */
  slower?: { factor: number; of: number };
  /** The error rate of both, 0 to 1, for ten seconds at 40 random times in two hours. */
  bursts?: number;
  /** The load varies between a tenth and nearly twice its mean, and the latency of both with it. */
  swings?: boolean;
  /**
   * Each pod of each version fails every request for `seconds`, once in `every` seconds on average, at independent times, with
   * the same distribution for both versions.
   */
  outages?: { every: number; seconds: number; pods: number };
  /** Each version has an independent latency level in each period of so many seconds: a log-normal factor with this spread. */
  levels?: { seconds: number; spread: number };
  /** The observed duration of a rollout. @default HORIZON */
  seconds?: number;
  /** The accepted share of false rollbacks, if it is not alpha, because clustered failures are weaker evidence than they seem. */
  accepted?: number;
  /** No requests at all. */
  silent?: boolean;
}

/** The observed duration of a rollout in seconds. A rollout without a decision by then counts as undecided. */
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
