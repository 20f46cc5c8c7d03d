import type { Bet } from "./share-test.ts";
import type { JudgeOptions, TestName } from "./types.ts";

/**
 * What is judged unless somebody says otherwise. Errors: any real difference is a regression, as a bank has no budget
 * for more; latency: a quarter more is nobody's regression, for a new version often does more.
 */
export const DEFAULTS: JudgeOptions = {
  alpha: 0.01,
  beta: 0.05,
  tolerate: { errors: 0.02, errorRate: 0, latency: 0.25 },
  harm: { errors: 1, errorRate: 0.005, latency: 0.5 },
};

/**
 * How alpha is divided. The average of e-processes is one, so that the parts are no loss beyond the logarithm of a
 * part; errors get most, as they harm most and are rare, and the latency of each request tells something anyway.
 */
export const PARTS: Readonly<Record<TestName, number>> = {
  errors: 0.8,
  median: 0.07,
  p99: 0.09,
  gateway: 0.02,
  alone: 0.02,
};

/** The part of a test's money that waits for what begins later, and the seconds between two portions of it. */
export const RESERVE = 0.12;
export const DEPOSIT_SECONDS = 300;

/** Bets that the candidate fails more often than the baseline. */
export const MORE_ERRORS: readonly Bet[] = [
  ...ratios([
    [1.5, 0.06],
    [2, 0.08],
    [3, 0.1],
    [5, 0.2],
    [10, 0.12],
    [20, 0.1],
    [50, 0.12],
    [200, 0.06],
  ]),
  // Where most requests fail, those that do not fail are evidence as well.
  onAll(0.002, 0.99, 0.12),
  onAll(0.02, 0.6, 0.04),
];

/** Bets that it does not fail harmfully more often. */
export const NO_MORE_ERRORS: readonly Bet[] = ratios([
  [1.25, 0.2],
  [1, 0.5],
  [0.5, 0.2],
  [0.05, 0.1],
]);

/** Bets that it is slower than tolerated: more than half of its requests are beyond the median. */
export const SLOWER_MEDIAN: readonly Bet[] = [
  onAll(0.5, 0.56, 0.15),
  onAll(0.5, 0.63, 0.2),
  onAll(0.5, 0.72, 0.2),
  onAll(0.5, 0.83, 0.2),
  onAll(0.5, 0.93, 0.15),
  onAll(0.5, 0.998, 0.1),
];

/** The same for more than one in a hundred beyond p99. */
export const SLOWER_P99: readonly Bet[] = [
  ...ratios([
    [1.6, 0.15],
    [2.5, 0.2],
    [5, 0.25],
    [12, 0.2],
  ]),
  onAll(0.01, 0.4, 0.1),
  onAll(0.01, 0.95, 0.1),
];

/** Bets that it is not harmfully slower: fewer than the baseline's half are beyond the harmful threshold. */
export const NO_SLOWER_MEDIAN: readonly Bet[] = [
  onAll(0.5, 0.4, 0.25),
  onAll(0.5, 0.25, 0.35),
  onAll(0.5, 0.1, 0.25),
  onAll(0.5, 0.01, 0.15),
];

/** The same for fewer than one in a hundred. */
export const NO_SLOWER_P99: readonly Bet[] = ratios([
  [0.6, 0.25],
  [0.3, 0.35],
  [0.1, 0.25],
  [0.01, 0.15],
]);

/** Bets that requests are not split as the shares say. */
export const MISDIRECTED: readonly Bet[] = ratios([
  [0.5, 0.25],
  [0.85, 0.25],
  [1 / 0.85, 0.25],
  [2, 0.25],
]);

/** Bets on marked requests alone: the ratio and its weight. */
function ratios(pairs: readonly (readonly [number, number])[]): Bet[] {
  return pairs.map(([marked, weight]) => ({ marked, plain: 1, weight }));
}

/** A bet on all requests: the baseline is marked with one probability, the candidate with another. */
function onAll(baseline: number, candidate: number, weight: number): Bet {
  return { marked: candidate / baseline, plain: (1 - candidate) / (1 - baseline), weight };
}
