/**
 * The counts of one kind of difference among compared requests, such as a failing field: how often only the candidate
 * has it, and how often only the control's first answer has it while its second one and the candidate's do not. If
 * all three answers come from one version, the two are equally likely, so the control's own noise cancels out of
 * their difference.
 */
export interface Tally {
  readonly pairs: number;
  readonly candidate: number;
  readonly control: number;
}

/** A rate with an interval that holds at all times at once. */
export interface Interval {
  readonly low: number;
  readonly value: number;
  readonly high: number;
}

/** A bet that stakes a fixed fraction of the maximum, and its part of the initial wealth. */
interface Bet {
  readonly stake: number;
  readonly weight: number;
}

// High stakes for a candidate without any mismatch, low ones so that a mismatch does not lose all.
const BETS_BELOW: readonly Bet[] = [
  { stake: 1, weight: 0.4 },
  { stake: 0.9, weight: 0.25 },
  { stake: 0.75, weight: 0.15 },
  { stake: 0.5, weight: 0.1 },
  { stake: 0.25, weight: 0.06 },
  { stake: 0.1, weight: 0.04 },
];
const BETS_ABOVE: readonly Bet[] = [
  { stake: 0.98, weight: 0.4 },
  { stake: 0.7, weight: 0.2 },
  { stake: 0.4, weight: 0.15 },
  { stake: 0.2, weight: 0.1 },
  { stake: 0.1, weight: 0.1 },
  { stake: 0.04, weight: 0.05 },
];

/**
 * Returns the logarithm of the evidence that the candidate's excess over the control's noise is below a limit. Each
 * pair is a number X: 1 if only the candidate differs, -1 if the control's first answer does, else 0. A bet against
 * "the mean of X is at least the limit" multiplies its wealth by 1 + λ (X - limit) with a fixed λ < 0, which is a
 * supermartingale from 1, and so is a mixture of such bets: it reaches 1/α with probability α at most, for any number
 * of checks (Waudby-Smith and Ramdas, Estimating means of bounded random variables by betting, JRSS-B 2024; Ville
 * 1939). Since every λ is fixed, the wealth depends only on the counts, not on their order.
 * @param limit of the rate, above -1 and below 1
 */
export function logBelow(tally: Tally, limit: number): number {
  return logWealth(BETS_BELOW, tally, (stake) => -stake / (1 - limit), limit);
}

/** The same for the evidence that the excess is above a limit. */
export function logAbove(tally: Tally, limit: number): number {
  return logWealth(BETS_ABOVE, tally, (stake) => stake / (1 + limit), limit);
}

/**
 * The candidate's excess rate, and the confidence sequence around it: the limits against which neither bet has won.
 * @param level the probability that it ever misses the rate
 */
export function excess(tally: Tally, level: number): Interval {
  const { pairs, candidate, control } = tally;
  if (pairs === 0) return { low: -1, value: 0, high: 1 };
  const value = (candidate - control) / pairs;
  // Each side gets half of the level.
  const enough = Math.log(2 / level);
  return {
    low: border(value, -1, (limit) => logAbove(tally, limit) >= enough),
    value,
    high: border(value, 1, (limit) => logBelow(tally, limit) >= enough),
  };
}

function logWealth(
  bets: readonly Bet[],
  { pairs, candidate, control }: Tally,
  lambdaOf: (stake: number) => number,
  limit: number,
): number {
  const neither = pairs - candidate - control;
  const logs = bets.map(({ stake, weight }) => {
    const lambda = lambdaOf(stake);
    return (
      Math.log(weight) +
      times(neither, -lambda * limit) +
      times(candidate, lambda * (1 - limit)) +
      times(control, -lambda * (1 + limit))
    );
  });
  const most = Math.max(...logs);
  if (most === Number.NEGATIVE_INFINITY) return most;
  return most + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - most), 0));
}

/** Returns the logarithm of (1 + gain) to the power of `count`; a bet may lose all, but no more. */
function times(count: number, gain: number): number {
  return count === 0 ? 0 : count * Math.log1p(Math.max(-1, gain));
}

/** Returns the boundary between an end that is refuted and a value that is not; the end if it is not refuted. */
function border(value: number, end: number, isRefuted: (limit: number) => boolean): number {
  let inside = value;
  let outside = end;
  for (let i = 0; i < 50; i++) {
    const middle = (inside + outside) / 2;
    if (isRefuted(middle)) outside = middle;
    else inside = middle;
  }
  return outside;
}
