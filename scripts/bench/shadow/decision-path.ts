import { logAbove, logBelow, type Tally } from "../../shadow/statistics/excess.ts";

/** The rates, for each pair, at which the candidate and the control's first answer alone say something. */
export interface Rates {
  readonly candidate: number;
  readonly control: number;
}

/** How one simulated comparison ends, and after how many pairs. */
export interface Ending {
  readonly verdict: "accepted" | "rejected" | "undecided";
  readonly pairs: number;
}

/**
 * Compares one thing until it is decided, looking after each pair. Only pairs in which something differs are drawn:
 * between two of them the evidence for acceptance grows steadily, so where it is enough is found by halving.
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

/** The number of pairs up to and with the next in which something differs (geometric). */
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

/** A number of hits in `trials` of a probability, by the gaps between them. */
export function binomial(trials: number, rate: number, random: () => number): number {
  let hits = 0;
  for (let at = gap(rate, random); at <= trials; at += gap(rate, random)) hits++;
  return hits;
}
