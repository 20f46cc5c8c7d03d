/** The precision and the maximum number of steps, as in Kayenta's judge. */
const TOLERANCE = 1e-4;
const EPSILON = 2.22e-16;
const ITERATIONS = 1000;

/**
 * A zero of `f` between `low` and `high`, where its sign changes, by Brent's method (Algorithms for Minimization without
 * Derivatives, 1973, chapter 4): interpolation where it converges, bisection elsewhere. The steps are the same as those of
 * Kayenta's solver, because they determine the point found on a flat part of `f`, and Kayenta's verdict depends on it.
 */
export function zero(f: (x: number) => number, low: number, high: number): number {
  let before = low;
  let atBefore = f(low);
  let best = high;
  let atBest = f(high);
  let other = before;
  let atOther = atBefore;
  if (atBefore === 0) return before;
  if (atBest === 0) return best;
  for (let i = 0; i <= ITERATIONS; i++) {
    const last = best - before;
    if (Math.abs(atOther) < Math.abs(atBest)) {
      [before, best, other] = [best, other, best];
      [atBefore, atBest, atOther] = [atBest, atOther, atBest];
    }
    const close = 2 * EPSILON * Math.abs(best) + TOLERANCE / 2;
    let step = (other - best) / 2;
    if (Math.abs(step) <= close || atBest === 0) return best;
    if (Math.abs(last) >= close && Math.abs(atBefore) > Math.abs(atBest)) {
      step = interpolated(step, last, close);
    }
    if (Math.abs(step) < close) step = step > 0 ? close : -close;
    before = best;
    atBefore = atBest;
    best += step;
    atBest = f(best);
    if (atBest > 0 === atOther > 0 && atBest !== 0 && atOther !== 0) {
      other = before;
      atOther = atBefore;
    }
  }
  return best;

  /** The step by a line, or by an inverse parabola where there are three points; bisection where that leads too far. */
  function interpolated(bisection: number, last: number, close: number): number {
    const width = other - best;
    const ratio = atBest / atBefore;
    let p: number;
    let q: number;
    if (before === other) {
      p = width * ratio;
      q = 1 - ratio;
    } else {
      const r = atBefore / atOther;
      const s = atBest / atOther;
      p = ratio * (width * r * (r - s) - (best - before) * (s - 1));
      q = (r - 1) * (s - 1) * (ratio - 1);
    }
    if (p > 0) q = -q;
    else p = -p;
    const near = p < 0.75 * width * q - Math.abs(close * q) / 2 && p < Math.abs((last * q) / 2);
    return near ? p / q : bisection;
  }
}
