import type { ShiftBet } from "./statistics/rank-test.ts";
import type { Bet } from "./statistics/share-test.ts";
import type { JudgeOptions, TestName } from "./types.ts";

/** The default options. A quarter more latency is tolerated, because new versions do more. */
export const DEFAULTS: JudgeOptions = {
  alpha: 0.01,
  beta: 0.05,
  tolerate: { errors: 0, errorRate: 0, latency: 0.25 },
  harm: { errors: 1, errorRate: 0.005, latency: 0.5 },
};

/**
 * The weights that divide alpha among the tests; they sum to 1. A weighted average of e-processes is an e-process. A
 * test of weight p needs ln(1/p) more evidence. Errors are rare and must be detected from few, so they get nearly
 * all. Latency adds evidence with each request, and a guard adds much with each failure, so that small weights are
 * soon made up for.
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
 * The share of failures below which a guard reports nothing. With all traffic on the candidate there is no baseline,
 * and an outage that would affect both revisions looks like the candidate's fault: a rollback is right only if most
 * requests fail.
 */
export const LEAST_FAILURES = { gateway: 0.005, unanswered: 0.005, alone: 0.5 } as const;

/**
 * The part of a test's wealth that is reserved for changes that begin later, and the seconds between its portions.
 */
export const RESERVE = { errors: 0.02, latency: 0.1, misdirected: 0.1 } as const;
export const DEPOSIT_SECONDS = 300;

/**
 * Limits on the gain of a bet within a period. A candidate whose requests all fail is still detected within six
 * seconds, and one that is twice as slow within a minute.
 */
export const LIMITS = {
  errors: [{ seconds: 1, gain: Math.exp(2) }],
  latency: [
    { seconds: 1, gain: Math.exp(1.5) },
    { seconds: 30, gain: Math.exp(4.2) },
  ],
} as const;

/**
 * Bets that the candidate fails more often than the baseline. The weights were optimised in simulations: an increase
 * of errors to five times and to fifty times is detected nearly as fast as by a test that knows the factor.
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
  // If most requests fail, those that succeed are evidence as well.
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

/**
 * Bets that it is slower than tolerated, in standard deviations of the logarithms of latencies, from small to large.
 */
export const SLOWER: readonly ShiftBet[] = [
  { shift: 0.15, weight: 0.07 },
  { shift: 0.4, weight: 0.13 },
  { shift: 0.8, weight: 0.25 },
  { shift: 1.3, weight: 0.3 },
  { shift: 2.2, weight: 0.15 },
  { shift: 4, weight: 0.1 },
];

/** Bets that more than one percent of its requests exceed p99. */
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

/**
 * Bets that it is not harmfully slower: fewer than half of its requests exceed the harmful threshold of the median.
 */
export const NO_SLOWER_MEDIAN: readonly Bet[] = [
  onAll(0.5, 0.4, 0.25),
  onAll(0.5, 0.25, 0.35),
  onAll(0.5, 0.1, 0.25),
  onAll(0.5, 0.01, 0.15),
];

/** As above, for fewer than one percent. */
export const NO_SLOWER_P99: readonly Bet[] = ratios([
  [0.6, 0.25],
  [0.3, 0.35],
  [0.1, 0.25],
  [0.01, 0.15],
]);

/** The e-value from which the shares are refuted; it is reached with a probability of 1/1000 if they are right. */
export const MISDIRECTED_FROM = 1000;

/** Bets that requests are not split by the shares. */
export const MISDIRECTED: readonly Bet[] = ratios([
  [0.5, 0.25],
  [0.85, 0.25],
  [1 / 0.85, 0.25],
  [2, 0.25],
]);

/** Bets that fewer answers come from the candidate than its share explains. */
export const FEWER_ANSWERS: readonly Bet[] = ratios([
  [0.1, 0.2],
  [0.5, 0.3],
  [0.8, 0.5],
]);

/** Returns bets on marked requests alone, from pairs of ratio and weight. */
function ratios(pairs: readonly (readonly [number, number])[]): Bet[] {
  return pairs.map(([marked, weight]) => ({ marked, plain: 1, weight }));
}

/** Returns a bet on all requests with these probabilities of a mark for baseline and candidate. */
function onAll(baseline: number, candidate: number, weight: number): Bet {
  return { marked: candidate / baseline, plain: (1 - candidate) / (1 - baseline), weight };
}
