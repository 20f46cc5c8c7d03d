export interface SteadinessState {
  block: [from: number, count: number, sum: number, squares: number];
  within: [count: number, squares: number];
  levels: [count: number, mean: number, variance: number][];
  /**
   * Latencies of each revision in the last block; those of the candidate in the current one; seconds since it began.
   */
  rates: [baseline: number, candidate: number, candidateNow: number];
  elapsed: number;
}

/** The length of a block in seconds: a shorter change of latency is not counted as a regression. */
export const LEVEL_SECONDS = 30;
/** The level of a block with fewer latencies is unknown. */
const FEWEST = 5;
/**
 * The possible standard deviations of a version's level, as logarithms of a factor, with their prior probabilities.
 */
const SPREADS = [0, 0.1, 0.3] as const;
const PRIOR = [0.65, 0.2, 0.15] as const;
/** The number of remembered blocks. */
const BLOCKS = 32;

/**
 * Weights a block of a version's latencies. A version may have a different level for a while, for example because of
 * a cold cache or a busy node. The spread of levels is estimated from the baseline's blocks. With n latencies of
 * variance s² in a block, and levels of variance v², a block is worth n/(1 + n·v²/s²) independent latencies: the
 * design effect of samples in clusters (Kish, Survey Sampling, 1965). Bets stake that part of the wealth.
 */
export class Steadiness {
  #from = Number.NaN;
  #count = 0;
  #sum = 0;
  #squares = 0;
  #withinCount = 0;
  #withinSquares = 0;
  #levels: [count: number, mean: number, variance: number][] = [];
  // The number of latencies of each revision in the last block, or in the current one if that has more.
  #baseline = 0;
  #candidate = 0;
  #candidateNow = 0;
  #elapsed = 0;
  #variance = variance([]);

  /** The part of the wealth to stake on one latency, above 0 and at most 1. */
  get part(): number {
    // Conditions instead of Math.min and Math.max, because this runs for each request.
    const baseline = this.#expected(this.#baseline, this.#count);
    const candidate = this.#expected(this.#candidate, this.#candidateNow);
    const fewer = baseline < candidate ? baseline : candidate;
    const each = fewer > 1 ? fewer : 1;
    const within = this.#withinCount < FEWEST ? 0.25 : this.#withinSquares / this.#withinCount;
    return 1 / (1 + (each * this.#variance) / (within > 1e-4 ? within : 1e-4));
  }

  /** Observes a latency, in milliseconds, at `t` seconds. */
  observe(candidate: boolean, ms: number, t: number): void {
    if (Number.isNaN(this.#from)) this.#from = t;
    if (t >= this.#from + LEVEL_SECONDS) this.#end(t);
    this.#elapsed = t - this.#from;
    if (candidate) {
      this.#candidateNow++;
      return;
    }
    const log = Math.log(Math.max(ms, 0.1));
    this.#count++;
    this.#sum += log;
    this.#squares += log * log;
  }

  snapshot(): SteadinessState {
    return {
      block: [Number.isNaN(this.#from) ? -1e15 : this.#from, this.#count, this.#sum, this.#squares],
      within: [this.#withinCount, this.#withinSquares],
      levels: this.#levels.map(([count, mean, spread]) => [count, mean, spread]),
      rates: [this.#baseline, this.#candidate, this.#candidateNow],
      elapsed: this.#elapsed,
    };
  }

  restore(state: SteadinessState): void {
    // Before the first latency: JSON has no NaN.
    [this.#from, this.#count, this.#sum, this.#squares] = state.block;
    if (this.#from === -1e15) this.#from = Number.NaN;
    [this.#withinCount, this.#withinSquares] = state.within;
    this.#levels = state.levels.map(([count, mean, spread]) => [count, mean, spread]);
    [this.#baseline, this.#candidate, this.#candidateNow] = state.rates;
    this.#elapsed = state.elapsed;
    this.#variance = variance(this.#levels);
  }

  /** Returns the number of latencies in a block: that of the last one, or of the current one if that has more. */
  #expected(last: number, now: number): number {
    const whole = this.#elapsed > LEVEL_SECONDS / 10 ? this.#elapsed : LEVEL_SECONDS / 10;
    const rate = (now * LEVEL_SECONDS) / whole;
    return rate > last ? rate : last;
  }

  #end(t: number): void {
    if (this.#count >= FEWEST) {
      const mean = this.#sum / this.#count;
      const squares = Math.max(0, this.#squares - this.#count * mean * mean);
      this.#withinCount += this.#count - 1;
      this.#withinSquares += squares;
      this.#levels.push([this.#count, mean, Math.max(squares / (this.#count - 1), 1e-4) / this.#count]);
      if (this.#levels.length > BLOCKS) this.#levels.shift();
      this.#variance = variance(this.#levels);
    }
    this.#baseline = this.#count;
    this.#candidate = this.#candidateNow;
    this.#count = this.#sum = this.#squares = this.#candidateNow = 0;
    this.#from += LEVEL_SECONDS * Math.floor((t - this.#from) / LEVEL_SECONDS);
  }
}

/**
 * Returns the expected variance of levels: the baseline's are normal around an unknown mean, with one of `SPREADS`.
 */
function variance(levels: readonly [count: number, mean: number, variance: number][]): number {
  const logs = SPREADS.map((spread, i) => {
    let weights = 0;
    let mean = 0;
    for (const [, level, own] of levels) {
      const weight = 1 / (own + spread * spread);
      weights += weight;
      mean += weight * level;
    }
    mean /= weights === 0 ? 1 : weights;
    let log = Math.log(PRIOR[i] as number) - (weights === 0 ? 0 : Math.log(weights) / 2);
    for (const [, level, own] of levels) {
      const all = own + spread * spread;
      log -= (Math.log(all) + (level - mean) ** 2 / all) / 2;
    }
    return log;
  });
  const most = Math.max(...logs);
  let sum = 0;
  let expected = 0;
  for (const [i, log] of logs.entries()) {
    const part = Math.exp(log - most);
    sum += part;
    expected += part * (SPREADS[i] as number) ** 2;
  }
  return expected / sum;
}
