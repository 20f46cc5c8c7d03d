import { logAbove, logBelow, type Tally } from "../../shadow/statistics/excess.ts";

/** The rates per pair at which only the candidate, and only the control's first answer, raise a finding. */
export interface Rates {
  readonly candidate: number;
  readonly control: number;
}

/** The result of one simulated comparison, and its number of pairs. */
export interface Ending {
  readonly verdict: "accepted" | "rejected" | "undecided";
  readonly pairs: number;
}

/**
 * Compares one field until it is decided, with a check after each pair. Only pairs with a difference are generated: between
 * two of them the evidence for acceptance grows steadily, so the point of the decision is found by bisection.
 * @param decided the evidence that decides, as a logarithm
 */
export function decisionPath(
  rates: Rates,
  options: { limit: number; accepting: number; rejecting: number; most: number },
  random: () => number,
): Ending {
  const { limit, accepting, rejecting, most } = options;
  const rate = rates.candidate + rates.control;
  let seen: Tally = { pairs: 0, candidate: 0, control: 0 };
  for (;;) {
    const next = Math.min(most, seen.pairs + gap(rate, random) - 1);
    if (logBelow({ ...seen, pairs: next }, limit) >= accepting)
      return { verdict: "accepted", pairs: firstAccepted(seen, next, limit, accepting) };
    if (next >= most) return { verdict: "undecided", pairs: most };
    const isCandidate = random() * rate < rates.candidate;
    seen = {
      pairs: next + 1,
      candidate: seen.candidate + (isCandidate ? 1 : 0),
      control: seen.control + (isCandidate ? 0 : 1),
    };
    if (logAbove(seen, limit) >= rejecting) return { verdict: "rejected", pairs: seen.pairs };
    if (logBelow(seen, limit) >= accepting) return { verdict: "accepted", pairs: seen.pairs };
  }
}

/** The number of pairs up to and including the next one with a difference (geometric). */
function gap(rate: number, random: () => number): number {
  if (rate <= 0) return Number.MAX_SAFE_INTEGER;
  return 1 + Math.floor(Math.log1p(-random()) / Math.log1p(-rate));
}

function firstAccepted(seen: Tally, last: number, limit: number, accepting: number): number {
  let [before, enough] = [seen.pairs, last];
  while (enough - before > 1) {
    const middle = Math.floor((before + enough) / 2);
    if (logBelow({ ...seen, pairs: middle }, limit) >= accepting) enough = middle;
    else before = middle;
  }
  return enough;
}

/** A binomial number of hits in `trials`, generated from the gaps between them. */
export function binomial(trials: number, rate: number, random: () => number): number {
  let hits = 0;
  for (let at = gap(rate, random); at <= trials; at += gap(rate, random)) hits++;
  return hits;
}
