import type { SplitTarget } from "../../traffic/split/split.ts";
import type { Engine } from "../../engines/engine.ts";
import type { OutcomeSource } from "../../sources/source.ts";
import { seededRandom } from "../../traffic/random.ts";
import type { Entry, Journal, Request, Saved } from "../journal/journal.ts";
import { lastOf } from "../journal/journal.ts";
import { initialState, type State } from "../machine/state.ts";
import { makePlan, type Plan } from "../plan/plan.ts";
import type { Settings } from "../plan/settings.ts";
import type { RunnerOptions } from "../run/runner-options.ts";
import { runRollout } from "../run/runner.ts";
import { MemoryEngine, type MemoryEngineOptions } from "./memory-engine.ts";
import { MemoryJournal } from "./memory-journal.ts";
import { countingJudge } from "./counting-judge.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** The split at the start of the rollouts in tests. */
export const ORIGINAL: readonly SplitTarget[] = [
  { revision: "credit-check-basic", tag: "basic", percent: 100, latest: false },
  { revision: "credit-check-advanced", tag: "advanced", percent: 0, latest: false },
];

/** Quick settings. */
export const SETTINGS: Settings = {
  stepMs: 2_000,
  stepLimitMs: 120_000,
  onUndecided: "hold",
  readyDeadlineMs: 30_000,
  forceDeadlineMs: 10_000,
  restoreDeadlineMs: 60_000,
  bakeMs: 10_000,
  controlPercent: 0,
  alpha: 0.01,
  beta: 0.05,
  tolerateErrors: 0,
  tolerateErrorRate: 0,
  tolerateLatency: 0.25,
  latencyFloorMs: 5,
};

export interface SimulationOptions {
  settings?: Partial<Settings>;
  percents?: readonly number[];
  targets?: readonly SplitTarget[];
  /** The error rate of the candidate. */
  errors?: number;
  engine?: Partial<MemoryEngineOptions>;
  seed?: number;
}

/** A service with its traffic and journal, which outlive the processes that roll it out. */
export class Simulation {
  readonly clock = new VirtualClock();
  readonly engine: MemoryEngine;
  readonly journal = new MemoryJournal();
  readonly plan: Plan;
  readonly troubles: string[] = [];
  readonly entries: Entry[] = [];

  constructor({
    settings,
    percents = [10, 50, 100],
    targets = ORIGINAL,
    errors = 0,
    engine,
    seed = 1,
  }: SimulationOptions = {}) {
    this.engine = new MemoryEngine({
      clock: this.clock,
      targets,
      behaviours: {
        "credit-check-basic": { errors: 0.001, ms: 10 },
        "credit-check-advanced": { errors, ms: 10 },
      },
      rps: 100,
      random: seededRandom(seed),
      ...engine,
    });
    this.plan = makePlan({
      id: "r1",
      service: "credit-check",
      engine: this.engine,
      source: this.engine,
      live: this.engine.live,
      revisions: ["credit-check-basic", "credit-check-advanced"],
      to: "advanced",
      percents,
      settings: { ...SETTINGS, ...settings },
      by: "tester@host",
      atMs: this.clock.now(),
    });
  }

  /** Runs a process until the rollout is over: the first one begins it, later ones continue. */
  async run(more: Partial<RunnerOptions> = {}): Promise<State> {
    let saved = await this.journal.load();
    if (saved === undefined) {
      const written = { targets: this.plan.original.targets, version: this.plan.original.version };
      const state = initialState(written, this.clock.now());
      await this.journal.begin(this.plan, { seq: 0, event: null, state });
      saved = await this.journal.load();
    }
    const entry = saved?.entries.at(-1);
    if (saved === undefined || entry === undefined) throw new Error("the journal was begun");
    return runRollout(this.options(more), saved.plan, entry, saved.checkpoint);
  }

  /** Continues as `--resume` does. */
  resume(more: Partial<RunnerOptions> = {}, overwrite = false): Promise<State> {
    return this.run({ asked: once({ command: "resume", by: "tester", why: "", overwrite }), ...more });
  }

  options(more: Partial<RunnerOptions> = {}): RunnerOptions {
    return {
      engine: this.engine,
      source: this.engine,
      journal: this.journal,
      clock: this.clock,
      makeJudge: countingJudge,
      events: {
        onEntry: (entry) => void this.entries.push(entry),
        onBeat() {},
        onTrouble: (what) => void this.troubles.push(what),
      },
      lost: new AbortController().signal,
      asked: () => undefined,
      ...more,
    };
  }

  /** The last recorded state. */
  async state(): Promise<State | undefined> {
    const saved = await this.journal.load();
    return saved === undefined ? undefined : lastOf(saved);
  }
}

/** A command that is returned once. */
export function once(request: Omit<Request, "atMs">): RunnerOptions["asked"] {
  let left: Omit<Request, "atMs"> | undefined = request;
  return () => {
    const asked = left;
    left = undefined;
    return asked;
  };
}

/**
 * A process that ends as by `kill -9`: at its n-th access to the journal or the split, before or after its effect.
 * From then on none of its promises resolves.
 */
export class KilledProcess {
  #left: number;
  readonly #when: "before" | "after";
  #dead = false;
  readonly #end = new AbortController();
  readonly #died = Promise.withResolvers<"killed">();

  constructor(after: number, when: "before" | "after") {
    this.#left = after;
    this.#when = when;
  }

  get died(): Promise<"killed"> {
    return this.#died.promise;
  }

  /** The options of the process. */
  options(simulation: Simulation): Partial<RunnerOptions> {
    const { engine, journal, clock } = simulation;
    const guard = <T>(run: () => Promise<T>): Promise<T> => this.#guard(run);
    const alive = <T>(run: () => Promise<T>): Promise<T> =>
      this.#dead ? never() : run().then((v) => (this.#dead ? never<T>() : v));
    const mortalEngine: Engine = {
      name: engine.name,
      location: engine.location,
      service: engine.service,
      place: engine.place,
      read: () => alive(() => engine.read()),
      write: (targets, version, by) => guard(() => engine.write(targets, version, by)),
      inForce: (signal) => alive(() => engine.inForce(signal)),
      revisions: () => alive(() => engine.revisions()),
    };
    const mortalSource: OutcomeSource = {
      name: engine.name,
      place: engine.place,
      lagMs: engine.lagMs,
      outcomes: (signal) => engine.outcomes(AbortSignal.any([signal, this.#end.signal])),
    };
    const mortalJournal: Journal = {
      place: journal.place,
      load: (): Promise<Saved | undefined> => alive(() => journal.load()),
      begin: (plan, first) => guard(() => journal.begin(plan, first)),
      append: (entry) => guard(() => journal.append(entry)),
      checkpoint: (value) => alive(() => journal.checkpoint(value)),
      requests: () => alive(() => journal.requests()),
      ask: (request) => alive(() => journal.ask(request)),
    };
    return {
      engine: mortalEngine,
      source: mortalSource,
      journal: mortalJournal,
      clock: { now: () => clock.now(), sleep: (ms, signal) => alive(() => clock.sleep(ms, signal)) },
    };
  }

  async #guard<T>(run: () => Promise<T>): Promise<T> {
    if (this.#dead) return never();
    const due = --this.#left < 0;
    if (due && this.#when === "before") return this.#die();
    const value = await run();
    return due ? this.#die() : value;
  }

  #die(): Promise<never> {
    this.#dead = true;
    this.#end.abort();
    this.#died.resolve("killed");
    return never();
  }
}

function never<T>(): Promise<T> {
  return new Promise<T>(() => {});
}
