import { createJudge, type SomeJudgeOptions } from "../judge.ts";
import type { Evidence, Judge, Observation, VerdictName } from "../types.ts";
import { Batch } from "./batch.ts";
import { BadLine, readLine } from "./line.ts";

/** The verdict about a whole trace. */
export interface Judgement {
  verdict: VerdictName;
  /** The time of the verdict, in seconds of the trace's clock. */
  t: number;
  because: string;
  /** In chronological order; the last is from the end of the trace. */
  evidence: Evidence[];
}

/** The most points in time that are kept: beyond, every second one is dropped. */
const POINTS = 64;

/**
 * Judges a trace line by line in constant memory, and keeps the evidence over time. Regression is checked at each
 * request, health once each second.
 */
export class TraceJudge {
  readonly #judge: Judge;
  #lines = 0;
  #batch = new Batch(Number.NEGATIVE_INFINITY);
  #second = Number.NEGATIVE_INFINITY;
  #evidence: Evidence[] = [];
  #interval = 1;
  #untilNext = 0;
  /** The evidence when the candidate regressed, which is always kept. */
  #fell: Evidence | undefined;

  constructor(options: SomeJudgeOptions = {}) {
    this.#judge = createJudge(options);
  }

  /**
   * Observes the next line; an empty one is ignored. Lines with the same `t` are one unordered batch, which is judged
   * when the next time begins.
   * @throws BadLine, also if `t` is less than in an earlier line
   */
  add(text: string): void {
    this.#lines++;
    if (text.trim() === "") return;
    const observation = readLine(text, this.#lines);
    const { t } = this.#batch;
    if (observation.t < t)
      throw new BadLine(
        this.#lines,
        `t is ${observation.t} after ${t}: times must not fall; sort the lines by t`,
      );
    if (observation.t > t) this.#endBatch(observation.t);
    this.#batch.add(observation);
  }

  #endBatch(next: number): void {
    for (const observation of this.#batch.shuffled()) this.#observe(observation);
    this.#batch = new Batch(next);
  }

  #observe(observation: Observation): void {
    const second = Math.floor(observation.t);
    // The verdict at the end of the previous second.
    if (second > this.#second) {
      if (this.#second !== Number.NEGATIVE_INFINITY) this.#look();
      this.#second = second;
    }
    this.#judge.observe(observation);
    if (this.#judge.regressed) this.#fell ??= this.#judge.verdict().evidence;
  }

  /** Returns the verdict on the whole trace. Memory does not depend on the number of lines. */
  end(): Judgement {
    this.#endBatch(this.#batch.t);
    const { verdict, t, because, evidence } = this.#judge.verdict();
    const points = this.#fell === undefined ? this.#evidence : [...this.#evidence, this.#fell];
    points.sort((a, b) => a.t - b.t);
    return { verdict, t: Number.isFinite(t) ? t : 0, because, evidence: [...points, evidence] };
  }

  #look(): void {
    this.#untilNext--;
    // Later requests cannot change this verdict; only points of the curve remain to be collected.
    if (this.#fell !== undefined && this.#untilNext > 0) return;
    const { evidence } = this.#judge.verdict();
    if (this.#untilNext > 0) return;
    this.#untilNext = this.#interval;
    this.#evidence.push(evidence);
    if (this.#evidence.length < POINTS) return;
    this.#interval *= 2;
    this.#evidence = this.#evidence.filter((_, i) => i % 2 === 0);
  }
}
