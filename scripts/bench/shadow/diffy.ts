import { binomial } from "./decision-path.ts";

/** Diffy's thresholds, in percent. (opendiffy/diffy, DifferentialAnalyzer: relative.threshold, absolute.threshold) */
const RELATIVE_PERCENT = 20;
const ABSOLUTE_PERCENT = 0.03;

/**
 * Whether Diffy reports a field as broken: the raw differences (candidate and primary) exceed the noise (primary and
 * secondary) by more than both thresholds.
 */
export function isFlagged(pairs: number, raw: number, noise: number): boolean {
  if (raw + noise === 0) return false;
  const relative = (Math.abs(raw - noise) / (raw + noise)) * 100;
  const absolute = (Math.abs(raw - noise) / pairs) * 100;
  return relative > RELATIVE_PERCENT && absolute > ABSOLUTE_PERCENT;
}

const LOOK_EVERY = 500;

/** Whether Diffy flags a field at the end of a comparison, and at any of its checks from the second on. */
export function watchedByDiffy(
  rates: { raw: number; noise: number },
  pairs: number,
  random: () => number,
): { atEnd: boolean; ever: boolean } {
  let [raw, noise, ever, atEnd] = [0, 0, false, false];
  for (let seen = LOOK_EVERY; seen <= pairs; seen += LOOK_EVERY) {
    raw += binomial(LOOK_EVERY, rates.raw, random);
    noise += binomial(LOOK_EVERY, rates.noise, random);
    atEnd = isFlagged(seen, raw, noise);
    ever ||= atEnd && seen > LOOK_EVERY;
  }
  return { atEnd, ever };
}
