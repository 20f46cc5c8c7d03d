import {
  type RevisionState,
  SplitChanged,
  type SplitState,
  type SplitTarget,
} from "../../traffic/split/split.ts";
import type { AnswerValues } from "../../traffic/answer-values.ts";
import type { Engine } from "../../engines/engine.ts";
import type { Outcome, OutcomeSource } from "../../sources/source.ts";
import type { Clock } from "../clock.ts";

/** The behaviour of a simulated revision. */
export interface Behaviour {
  /** The fraction of its answers that are errors. */
  errors: number;
  /** Its median latency in milliseconds. */
  ms: number;
  /** When it is ready, by the clock; undefined means at once, infinite never. */
  readyAtMs?: number;
  /** The fields of an answer. */
  answer?: (random: () => number) => AnswerValues;
}

export interface MemoryEngineOptions {
  clock: Clock;
  targets: readonly SplitTarget[];
  behaviours: Readonly<Record<string, Behaviour>>;
  /** Requests per second. */
  rps: number;
  random: () => number;
  /** How long a written split takes to come into force. @default 300 */
  forceMs?: number;
}

/** An engine and source in memory, with simulated traffic. */
export class MemoryEngine implements Engine, OutcomeSource {
  readonly name = "local";
  readonly location = "machine";
  readonly lagMs = 250;
  readonly tellsAnswers = true;
  readonly service = "credit-check";
  readonly place = "memory";
  /** Every split that was written through the interface. */
  readonly writes: SplitTarget[][] = [];
  readonly #options: MemoryEngineOptions;
  #behaviours: Readonly<Record<string, Behaviour>>;
  #rps: number;
  #state: SplitState;
  #version = 1;
  #inForce: readonly SplitTarget[];
  #forceAtMs = 0;

  constructor(options: MemoryEngineOptions) {
    this.#options = options;
    this.#behaviours = options.behaviours;
    this.#rps = options.rps;
    this.#state = { targets: options.targets, version: "1", changed: undefined };
    this.#inForce = options.targets;
  }

  get live(): SplitState {
    return this.#state;
  }

  async read(): Promise<SplitState> {
    return this.#state;
  }

  async write(targets: readonly SplitTarget[], version: string, by: string): Promise<SplitState> {
    if (version !== this.#state.version)
      throw new SplitChanged("the split was changed in the meantime", this.#state);
    this.writes.push([...targets]);
    return this.#set(targets, by);
  }

  /** A change by another writer. */
  edit(targets: readonly SplitTarget[], by: string): void {
    this.#set(targets, by);
  }

  /** Changes the behaviour of revisions from now on. */
  behave(behaviours: Readonly<Record<string, Behaviour>>): void {
    this.#behaviours = { ...this.#behaviours, ...behaviours };
  }

  /** @param rps the requests per second from now on */
  setLoad(rps: number): void {
    this.#rps = rps;
  }

  async inForce(signal: AbortSignal): Promise<{ ms: number }> {
    const { clock } = this.#options;
    const begun = clock.now();
    while (clock.now() < this.#forceAtMs && !signal.aborted)
      await clock.sleep(this.#forceAtMs - clock.now(), signal);
    signal.throwIfAborted();
    this.#inForce = this.#state.targets;
    return { ms: clock.now() - begun };
  }

  async revisions(): Promise<RevisionState[]> {
    const { clock } = this.#options;
    return Object.entries(this.#behaviours).map(([name, { readyAtMs = 0 }]) => {
      const ready = clock.now() >= readyAtMs;
      return { name, ready, reason: ready ? undefined : "ImagePullBackOff: there is no such image" };
    });
  }

  async *outcomes(signal: AbortSignal): AsyncGenerator<Outcome[]> {
    const { clock, random } = this.#options;
    let owed = 0;
    for (let before = clock.now(); !signal.aborted;) {
      await clock.sleep(250, signal);
      owed += ((clock.now() - before) * this.#rps) / 1000;
      before = clock.now();
      if (clock.now() >= this.#forceAtMs) this.#inForce = this.#state.targets;
      const batch: Outcome[] = [];
      for (; owed >= 1; owed--) batch.push(this.#request(random));
      // One caller in ten asks for the preview.
      for (const { revision, preview } of this.#inForce)
        if (preview !== undefined && random() * 40 < this.#rps)
          batch.push({ ...this.#outcomeOf(revision, random), pinned: true });
      if (batch.length > 0) yield batch;
    }
  }

  #request(random: () => number): Outcome {
    let left = random() * 100;
    const target = this.#inForce.find(({ percent }) => (left -= percent) < 0);
    return this.#outcomeOf(target?.revision, random);
  }

  #outcomeOf(revision: string | undefined, random: () => number): Outcome {
    const behaviour = this.#behaviours[revision ?? ""];
    return {
      atMs: this.#options.clock.now(),
      revision,
      ok: behaviour !== undefined && random() >= behaviour.errors,
      ms: (behaviour?.ms ?? 1) * Math.exp(0.4 * (random() + random() + random() - 1.5)),
      count: 1,
      answer: behaviour?.answer?.(random),
      excluded: undefined,
    };
  }

  #set(targets: readonly SplitTarget[], by: string): SplitState {
    const { clock, forceMs = 300 } = this.#options;
    this.#version++;
    this.#forceAtMs = clock.now() + forceMs;
    this.#state = {
      targets: targets.map((target) => ({ ...target })),
      version: String(this.#version),
      changed: { by, atMs: clock.now() },
    };
    return this.#state;
  }
}
