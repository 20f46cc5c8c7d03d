import type { ShiftBet } from "./statistics/rank-test.ts";
import type { Bet } from "./statistics/share-test.ts";
import type { JudgeOptions, TestName } from "./types.ts";

/** The defaults. A quarter more latency is tolerated, because new versions do more. */
export const DEFAULTS: JudgeOptions = {
  alpha: 0.01,
  beta: 0.05,
  tolerate: { errors: 0, errorRate: 0, latency: 0.25 },
  harm: { errors: 1, errorRate: 0.005, latency: 0.5 },
};

/**
 * How alpha is divided: the weight of each test, 1 in all. A weighted average of e-processes is an e-process. A test of
 * weight p needs ln(1/p) more evidence. Errors are rare and shall be found from few, so they get nearly all. Latency adds
 * evidence with each request, and a guard much with each failure, so that they make up for a small weight soon.
 */
export const PARTS: Readonly<Record<TestName, number>> = {
  errors: 0.91,
  rejected: 0.015,
  abandoned: 0.01,
  unanswered: 0.005,
  latency: 0.03,
  p99: 0.02,
  gateway: 0.005,
  alone: 0.005,
};

/**
 * The share of failures below which a guard finds nothing. With all traffic on the candidate there is no baseline, and an
 * outage that would hit both revisions looks like the candidate's: going back is right only where most requests fail.
 */
export const LEAST_FAILURES = { gateway: 0.005, unanswered: 0.005, alone: 0.5 } as const;

/** The part of a test's wealth that is held back for changes that begin later, and the seconds between its portions. */
export const RESERVE = { errors: 0.02, latency: 0.1, misdirected: 0.1 } as const;
export const DEPOSIT_SECONDS = 300;

/**
 * The limits of what a bet may win within a period. A candidate that only fails is found within six seconds nevertheless,
 * and one that is twice as slow within a minute.
 */
export const LIMITS = {
  errors: [{ seconds: 1, gain: Math.exp(2) }],
  latency: [
    { seconds: 1, gain: Math.exp(1.5) },
    { seconds: 30, gain: Math.exp(4.2) },
  ],
} as const;

/**
 * Bets that the candidate fails more often than the baseline. The weights were searched for, in simulation, such that
 * five times and fifty times as many errors are both found nearly as fast as by a test that knew the number.
 */
export const MORE_ERRORS: readonly Bet[] = [
  ...ratios([
    [2, 0.03],
    [3.5, 0.015],
    [5, 0.03],
    [7, 0.2],
    [9, 0.03],
    [25, 0.03],
    [50, 0.6],
    [100, 0.015],
  ]),
  // Where most requests fail, those that do not fail are evidence as well.
  onAll(0.002, 0.99, 0.04),
  onAll(0.02, 0.6, 0.01),
];

/** Bets that it does not fail harmfully more often. */
export const NO_MORE_ERRORS: readonly Bet[] = ratios([
  [1.25, 0.2],
  [1, 0.5],
  [0.5, 0.2],
  [0.05, 0.1],
]);

/** Bets that it is slower than tolerated, in standard deviations of the latencies' logarithms: from hardly to beyond doubt. */
export const SLOWER: readonly ShiftBet[] = [
  { shift: 0.15, weight: 0.07 },
  { shift: 0.4, weight: 0.13 },
  { shift: 0.8, weight: 0.25 },
  { shift: 1.3, weight: 0.3 },
  { shift: 2.2, weight: 0.15 },
  { shift: 4, weight: 0.1 },
];

/** Bets that more than one in a hundred of its requests are beyond p99. */
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

/** The e-value from which on the shares are not believed, which has a probability of one in a thousand if they are right. */
export const MISDIRECTED_FROM = 1000;

/** Bets that requests are not split as the shares say. */
export const MISDIRECTED: readonly Bet[] = ratios([
  [0.5, 0.25],
  [0.85, 0.25],
  [1 / 0.85, 0.25],
  [2, 0.25],
]);

/** Bets that the candidate gives fewer of the answers than its share explains. */
export const FEWER_ANSWERS: readonly Bet[] = ratios([
  [0.1, 0.2],
  [0.5, 0.3],
  [0.8, 0.5],
]);

/** Bets on marked requests alone: the ratio and its weight. */
function ratios(pairs: readonly (readonly [number, number])[]): Bet[] {
  return pairs.map(([marked, weight]) => ({ marked, plain: 1, weight }));
}

/** A bet on all requests: the baseline is marked with one probability, the candidate with another. */
function onAll(baseline: number, candidate: number, weight: number): Bet {
  return { marked: candidate / baseline, plain: (1 - candidate) / (1 - baseline), weight };
}
