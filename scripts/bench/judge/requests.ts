import { compiled, ndtri } from "cephes";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { HORIZON, loadFactor, type Scenario } from "./scenarios.ts";

await compiled;

/** A random request, with its outcome on either revision. One object is reused for all requests. */
export interface Request {
  /** Seconds from the start. */
  t: number;
  /** 0 to 1: the candidate gets it if its share is larger. */
  lot: number;
  /** Whether each revision would answer it successfully. */
  baselineOk: boolean;
  candidateOk: boolean;
  /** The latency of each, in milliseconds. */
  baselineMs: number;
  candidateMs: number;
}

const MEDIAN_MS = 20;
const SPREAD = 0.5;
const CELLS = 1 << 16;
const BURSTS = 40;
const BURST_SECONDS = 10;

/** Quantiles of a log-normal latency at the middle of 65,536 intervals of equal probability: p99 is 64 ms. */
const LATENCIES = Float64Array.from(
  { length: CELLS },
  (_, i) => MEDIAN_MS * Math.exp(SPREAD * ndtri((i + 0.5) / CELLS)),
);

/** The requests of one rollout: a Poisson process that depends only on the seed, not on the judge. */
export class Requests {
  readonly #scenario: Scenario;
  readonly #rate: number;
  readonly #generator: ReturnType<typeof xoroshiro128plus>;
  readonly #bursts: number[] = [];
  readonly #slowFrom: number;
  /** The start times of outages, by revision and pod; the latency level of each revision in each period. */
  readonly #outages: number[][][] = [];
  readonly #levels: number[][] = [];
  readonly #request: Request = {
    t: 0,
    lot: 0,
    baselineOk: true,
    candidateOk: true,
    baselineMs: 0,
    candidateMs: 0,
  };
  #next = 0;

  /** @param rate mean requests per second */
  constructor(scenario: Scenario, rate: number, seed: number) {
    this.#scenario = scenario;
    this.#rate = rate;
    this.#generator = xoroshiro128plus(seed);
    // The first numbers of small seeds are similar, so they are skipped.
    for (let i = 0; i < 32; i++) this.#generator.next();
    if (scenario.bursts !== undefined) {
      for (let i = 0; i < BURSTS; i++) this.#bursts.push(this.#uniform() * HORIZON);
    }
    const end = scenario.seconds ?? HORIZON;
    const { outages, levels } = scenario;
    if (outages !== undefined) {
      for (let revision = 0; revision < 2; revision++)
        this.#outages.push(Array.from({ length: outages.pods }, () => this.#times(outages.every, end)));
    }
    if (levels !== undefined) {
      for (let revision = 0; revision < 2; revision++)
        this.#levels.push(
          Array.from({ length: Math.ceil(end / levels.seconds) }, () =>
            Math.exp(levels.spread * ndtri(Math.min(1 - 1e-9, Math.max(1e-9, this.#uniform())))),
          ),
        );
    }
    this.#slowFrom = scenario.slower === undefined ? 1 : 1 - scenario.slower.of;
    this.#next = this.#gap();
  }

  /** Passes the requests of one second to `each`, in order. */
  second(s: number, each: (request: Request) => void): void {
    const { baseline, candidate, bursts, slower, swings } = this.#scenario;
    const factor = loadFactor(this.#scenario, s);
    const expected = this.#rate * factor;
    if (expected === 0) return;
    const burst = bursts !== undefined && this.#bursts.some((from) => s >= from && s < from + BURST_SECONDS);
    const baselineFails = burst ? bursts : baseline;
    const candidateFails = burst ? bursts : candidate;
    const slowdown = slower?.factor ?? 1;
    const common = swings === true ? 0.7 + 0.3 * factor : 1;
    const request = this.#request;
    let work = this.#next;
    while (work < expected) {
      request.t = s + work / expected;
      request.lot = this.#uniform();
      const fate = this.#uniform();
      request.baselineOk = fate >= baselineFails;
      request.candidateOk = fate >= candidateFails;
      const place = this.#uniform();
      const ms = common * (LATENCIES[Math.floor(place * CELLS)] as number);
      request.baselineMs = ms;
      request.candidateMs = place >= this.#slowFrom ? ms * slowdown : ms;
      if (this.#outages.length > 0) {
        const pod = this.#uniform();
        if (this.#out(0, pod, request.t)) request.baselineOk = false;
        if (this.#out(1, pod, request.t)) request.candidateOk = false;
      }
      if (this.#levels.length > 0) {
        request.baselineMs *= this.#level(0, request.t);
        request.candidateMs *= this.#level(1, request.t);
      }
      each(request);
      work += this.#gap();
    }
    this.#next = work - expected;
  }

  /** Times of a Poisson process up to `end`, on average `every` seconds apart. */
  #times(every: number, end: number): number[] {
    const times: number[] = [];
    for (let t = every * this.#gap(); t < end; t += every * this.#gap()) times.push(t);
    return times;
  }

  #out(revision: number, pod: number, t: number): boolean {
    const { outages } = this.#scenario;
    if (outages === undefined) return false;
    const times = this.#outages[revision]?.[Math.floor(pod * outages.pods)] ?? [];
    return times.some((from) => t >= from && t < from + outages.seconds);
  }

  #level(revision: number, t: number): number {
    return this.#levels[revision]?.[Math.floor(t / (this.#scenario.levels?.seconds ?? 1))] ?? 1;
  }

  #uniform(): number {
    return (this.#generator.next() >>> 0) / 2 ** 32;
  }

  /** The time to the next request, in units of the mean one (exponential). */
  #gap(): number {
    return -Math.log(1 - this.#uniform());
  }
}
