import { compiled, ndtri } from "cephes";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { HORIZON, loadFactor, type Scenario } from "./scenarios.ts";

await compiled;

/** A request as chance has it, with what becomes of it whoever answers. One object, filled anew for each request. */
export interface Request {
  /** Seconds from the start. */
  t: number;
  /** 0 to 1: the candidate gets it where its share is larger. */
  lot: number;
  /** Whether each revision would answer it. */
  baselineOk: boolean;
  candidateOk: boolean;
  /** Milliseconds that each would take. */
  baselineMs: number;
  candidateMs: number;
}

const MEDIAN_MS = 20;
const SPREAD = 0.5;
const CELLS = 1 << 16;
const BURSTS = 40;
const BURST_SECONDS = 10;

/** Latencies of a log-normal, by the middle of each of 65,536 equal parts of probability: p99 is 64 ms. */
const LATENCIES = Float64Array.from(
  { length: CELLS },
  (_, i) => MEDIAN_MS * Math.exp(SPREAD * ndtri((i + 0.5) / CELLS)),
);

/** The requests of one rollout: a Poisson process, the same one for the same seed, whoever watches it. */
export class Requests {
  readonly #scenario: Scenario;
  readonly #rate: number;
  readonly #generator: ReturnType<typeof xoroshiro128plus>;
  readonly #bursts: number[] = [];
  readonly #slowFrom: number;
  readonly #request: Request = {
    t: 0,
    lot: 0,
    baselineOk: true,
    candidateOk: true,
    baselineMs: 0,
    candidateMs: 0,
  };
  #next = 0;

  /** @param rate requests a second, on average */
  constructor(scenario: Scenario, rate: number, seed: number) {
    this.#scenario = scenario;
    this.#rate = rate;
    this.#generator = xoroshiro128plus(seed);
    // The first numbers of small seeds resemble each other: they are passed over.
    for (let i = 0; i < 32; i++) this.#generator.next();
    if (scenario.bursts !== undefined) {
      for (let i = 0; i < BURSTS; i++) this.#bursts.push(this.#uniform() * HORIZON);
    }
    this.#slowFrom = scenario.slower === undefined ? 1 : 1 - scenario.slower.of;
    this.#next = this.#gap();
  }

  /** Gives the requests of one second to `each`, in order. */
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
      each(request);
      work += this.#gap();
    }
    this.#next = work - expected;
  }

  #uniform(): number {
    return (this.#generator.next() >>> 0) / 2 ** 32;
  }

  /** The time to the next request, in units of the mean one (exponential). */
  #gap(): number {
    return -Math.log(1 - this.#uniform());
  }
}
