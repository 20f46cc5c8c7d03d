import { Check } from "typebox/schema";
import type { Entry } from "../journal/journal.ts";
import { next } from "../machine/next.ts";
import { type Event, isOver, type State } from "../machine/state.ts";
import { type Plan, shareOf } from "../plan/plan.ts";
import { percentOf } from "../plan/targets.ts";
import { type BackgroundOptions, hear, KeepWarm } from "./background-tasks.ts";
import type { Clock } from "../clock.ts";
import { Checkpoint } from "./timeline.ts";
import { askReady, messageOf, liveSplitOf, warmUp, writeGoal } from "./effects.ts";
import type { Ruling } from "./judging.ts";
import type { RunnerOptions } from "./runner-options.ts";
import { JournalWriter } from "./journal-writer.ts";
import { Shares } from "./share-history.ts";
import { OutcomeRecorder } from "./outcome-recorder.ts";

const CHECKPOINT_MS = 3_000;
const RETRY_MS = 1_000;

/**
 * Carries a rollout on from a state until it is over. What is done follows from the state alone, and each state is
 * written down before anything of it is done: whoever finds the journal can go on where it stands.
 */
export async function runRollout(
  options: RunnerOptions,
  plan: Plan,
  entry: Entry,
  saved: unknown,
): Promise<State> {
  const runner = new Runner(options, plan, entry, saved);
  return runner.run();
}

class Runner {
  readonly #options: RunnerOptions;
  readonly #plan: Plan;
  readonly #clock: Clock;
  readonly #shares = new Shares();
  readonly #recorder: OutcomeRecorder;
  readonly #stop = new AbortController();
  #entry: Entry;
  readonly #writer: JournalWriter;
  readonly #background: BackgroundOptions;
  readonly #keepWarm: KeepWarm;
  #watchedAt = Number.NEGATIVE_INFINITY;
  #checkpointAt = 0;

  constructor(options: RunnerOptions, plan: Plan, entry: Entry, saved: unknown) {
    this.#options = options;
    this.#plan = plan;
    this.#clock = options.clock;
    this.#entry = entry;
    const { source, journal, clock, lost, events } = options;
    const onTrouble = (what: string): void => events.onTrouble(what);
    this.#writer = new JournalWriter({ journal, clock, lost, onTrouble });
    this.#background = { source, clock, onTrouble };
    this.#keepWarm = new KeepWarm(plan, options.warm, this.#background);
    const checkpoint = Check(Checkpoint, saved) ? saved : undefined;
    const judge = options.makeJudge(plan.settings, checkpoint?.judge);
    this.#recorder = new OutcomeRecorder(plan, judge, this.#shares, checkpoint);
  }

  async run(): Promise<State> {
    const hearing = hear(this.#recorder, this.#background, this.#stop.signal);
    try {
      await this.#look();
      await this.#takeOwn();
      if (KNOWN_SHARE.has(this.#state.phase)) this.#settle();
      while (!isOver(this.#state)) await this.#turn();
      await this.#checkpoint();
    } finally {
      this.#stop.abort();
      await hearing;
    }
    return this.#state;
  }

  get #state(): State {
    return this.#entry.state;
  }

  /** Does what the state asks for, until the state is another. */
  async #turn(): Promise<void> {
    const { engine, warm } = this.#options;
    const now = (): number => this.#clock.now();
    switch (this.#state.phase) {
      case "shifting":
      case "restoring": {
        // What people ask for comes first: after a crash, the step that was set out for may be wanted no more.
        if (await this.#takeAsked()) return;
        this.#writer.checkLock();
        const event = await writeGoal(engine, this.#plan, this.#state, now);
        if (event.type === "failed") this.#options.events.onTrouble(event.why);
        const before = this.#state;
        await this.#take(event);
        if (this.#state === before) await this.#clock.sleep(RETRY_MS);
        return;
      }
      case "settling":
      case "confirming":
        return this.#meanwhile(async (signal) => {
          const { ms } = await engine.inForce(signal);
          return { type: "in force", atMs: now(), ms };
        });
      case "preparing":
        return this.#meanwhile(() => askReady(engine, this.#plan, now));
      case "warming":
        return this.#meanwhile((signal) => warmUp(warm, this.#plan, signal, now));
      default:
        return this.#meanwhile(undefined);
    }
  }

  /** Looks after the rollout while something takes its time, until the phase is another. */
  async #meanwhile(errand: ((signal: AbortSignal) => Promise<Event>) | undefined): Promise<void> {
    const { phase } = this.#state;
    const over = new AbortController();
    let done: Event | undefined;
    let wake = new AbortController();
    const tell = (event: Event): void => {
      done = event;
      wake.abort();
    };
    const begin = (): void => {
      errand?.(over.signal).then(tell, (error: unknown) =>
        tell({ type: "failed", atMs: this.#clock.now(), why: messageOf(error) }),
      );
    };
    begin();
    try {
      while (this.#state.phase === phase) {
        if (done !== undefined) {
          const event: Event = done;
          done = undefined;
          wake = new AbortController();
          if (await this.#take(event)) continue;
          // In vain: once more, after a while.
          if (event.type === "failed" || event.type === "unready") {
            this.#options.events.onTrouble(event.why);
            await this.#clock.sleep(RETRY_MS);
          }
          begin();
        }
        await this.#beat(wake.signal);
      }
    } finally {
      over.abort();
      wake.abort();
    }
  }

  /** Whatever can be decided now. */
  async #beat(signal: AbortSignal): Promise<void> {
    const { events, beatMs = 250, watchMs = 1_000 } = this.#options;
    this.#writer.checkLock();
    const { phase } = this.#state;
    if (await this.#takeAsked()) return;
    const ruling = this.#ruling();
    const { verdict, because } = this.#ofThisStep(ruling);
    const atMs = this.#clock.now();
    if (await this.#take({ type: "verdict", atMs, verdict, because })) return;
    const silent = phase === "baking" ? { silent: this.#silence(atMs) } : {};
    if (await this.#take({ type: "time", atMs, ...silent })) return;
    if (atMs - this.#watchedAt >= watchMs) await this.#look();
    if (this.#state.phase !== phase) return;
    this.#recorder.note(atMs, this.#percent, ruling, false);
    events.onBeat(this.#state, this.#recorder, ruling, atMs);
    if (atMs - this.#checkpointAt >= CHECKPOINT_MS) await this.#checkpoint();
    if (phase === "baking" || phase === "waiting") this.#keepWarm.beat(this.#stop.signal);
    await this.#clock.sleep(beatMs, signal);
  }

  /** A verdict of healthy counts at a step once outcomes were reported for its shortest time, not before they come. */
  #ofThisStep({ verdict, because }: Ruling): Pick<Ruling, "verdict" | "because"> {
    const { stepMs } = this.#plan.settings;
    const { coveredMs } = this.#recorder;
    if (verdict !== "healthy" || coveredMs >= stepMs) return { verdict, because };
    const { name } = this.#options.source;
    return {
      verdict: "undecided",
      because: `source ${name} has reported ${Math.floor(coveredMs / 1_000)} s of this step, and ${stepMs / 1_000} s are wanted`,
    };
  }

  /** Takes what people ask for, here first; whether the phase is another. */
  async #takeAsked(): Promise<boolean> {
    if (await this.#takeOwn()) return true;
    const requests = await this.#attempt("read what was asked", () => this.#options.journal.requests());
    const request = requests?.[this.#state.handled];
    if (request === undefined) return false;
    const { command, by, why, overwrite } = request;
    const before = this.#state.phase;
    await this.#take({ type: "asked", atMs: this.#clock.now(), queued: true, command, by, why, overwrite });
    return this.#state.phase !== before;
  }

  async #takeOwn(): Promise<boolean> {
    const own = this.#options.asked();
    return own !== undefined && this.#take({ type: "asked", atMs: this.#clock.now(), queued: false, ...own });
  }

  /** Whether somebody else has changed the split. */
  async #look(): Promise<void> {
    const live = await this.#attempt("read the split", () => this.#options.engine.read());
    if (live === undefined) return;
    this.#watchedAt = this.#clock.now();
    await this.#take({ type: "seen", atMs: this.#watchedAt, live: liveSplitOf(live) });
  }

  /** Makes the transition that an event leads to, if it leads to one; whether the phase is another. */
  async #take(event: Event): Promise<boolean> {
    const state = next(this.#plan, this.#state, event);
    if (state === this.#state) return false;
    const before = this.#state.phase;
    const entry: Entry = { seq: this.#entry.seq + 1, event, state };
    await this.#writer.append(entry);
    this.#entry = entry;
    if (event.type === "in force") this.#settle();
    else if (before !== state.phase && (state.phase === "shifting" || state.phase === "restoring"))
      this.#shares.set(this.#clock.now(), undefined);
    const ruling = this.#ruling();
    this.#recorder.note(this.#clock.now(), this.#percent, ruling, true);
    await this.#options.events.onEntry(entry, this.#recorder, ruling);
    return before !== state.phase;
  }

  async #attempt<T>(what: string, run: () => Promise<T>): Promise<T | undefined> {
    try {
      return await run();
    } catch (error) {
      this.#options.events.onTrouble(`cannot ${what}: ${messageOf(error)}`);
      return undefined;
    }
  }

  async #checkpoint(): Promise<void> {
    this.#checkpointAt = this.#clock.now();
    const saved = this.#recorder.saved(this.#checkpointAt);
    await this.#attempt("write the checkpoint", () => this.#options.journal.checkpoint(saved));
  }

  /** The split as it was written last is in force from now on. */
  #settle(): void {
    const from = this.#clock.now();
    this.#shares.set(from, shareOf(this.#plan, this.#state.written.targets));
    this.#recorder.stepBegins(from);
  }

  #ruling(): Ruling {
    const { step } = this.#state;
    const after = this.#plan.steps[Math.min(step + 1, this.#plan.steps.length - 1)];
    return this.#recorder.ruling(after?.percent ?? 100);
  }

  /** The revision that has been silent for longest, of those that have a share; late reports are no silence. */
  #silence(atMs: number): { revision: string; ms: number } {
    const { candidate, baseline } = this.#plan;
    const { sinceMs, written } = this.#state;
    const { lagMs } = this.#options.source;
    const silentMs = (side: "candidate" | "baseline"): number =>
      Math.max(0, this.#recorder.silentFor(side, sinceMs, atMs) - lagMs);
    const ofCandidate = { revision: candidate, ms: silentMs("candidate") };
    const ofBaseline = { revision: baseline, ms: silentMs("baseline") };
    const hasBaseline = percentOf(written.targets, baseline) > 0;
    return hasBaseline && ofBaseline.ms > ofCandidate.ms ? ofBaseline : ofCandidate;
  }

  get #percent(): number {
    return percentOf(this.#state.written.targets, this.#plan.candidate);
  }
}

/** Phases that begin when a split is in force. */
const KNOWN_SHARE = new Set<State["phase"]>(["preparing", "warming", "judging", "waiting", "baking"]);
