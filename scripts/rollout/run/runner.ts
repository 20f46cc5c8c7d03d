import { Check } from "typebox/schema";
import type { Entry } from "../journal/journal.ts";
import { next } from "../machine/next.ts";
import { type Event, isOver, type State } from "../machine/state.ts";
import { type Plan, shareOf } from "../plan/plan.ts";
import { answerFieldsOf } from "../plan/settings.ts";
import { percentOf } from "../plan/targets.ts";
import { type BackgroundOptions, hear, KeepWarm, readChecks } from "./background-tasks.ts";
import { Checkpoints } from "./checkpoints.ts";
import type { Clock } from "../clock.ts";
import { Checkpoint } from "../outcomes/timeline.ts";
import { actionOf, liveSplitOf, writeGoal } from "./effects.ts";
import type { RunnerOptions } from "./runner-options.ts";
import { JournalWriter } from "./journal-writer.ts";
import { Shares } from "../outcomes/share-history.ts";
import { StepEvidence } from "../outcomes/step-evidence.ts";
import { OutcomeRecorder } from "../outcomes/outcome-recorder.ts";
import { messageOf } from "../../text/message-of.ts";

const RETRY_MS = 1_000;

/**
 * Runs a rollout from a journal entry until it is over. Each action follows from the state alone, and each state is
 * journaled before its actions, so that another process can resume from the journal.
 * @param saved the last checkpoint, unchecked; an unreadable one is ignored
 * @returns the final state
 * @throws LostLock if another process may have taken over
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
  readonly #evidence: StepEvidence;
  readonly #stop = new AbortController();
  #entry: Entry;
  readonly #writer: JournalWriter;
  readonly #background: BackgroundOptions;
  readonly #keepWarm: KeepWarm;
  readonly #checkpoints: Checkpoints;
  #watchedAt = Number.NEGATIVE_INFINITY;

  constructor(options: RunnerOptions, plan: Plan, entry: Entry, saved: unknown) {
    this.#options = options;
    this.#plan = plan;
    this.#clock = options.clock;
    this.#entry = entry;
    const { source, journal, clock, lost, events, evidence } = options;
    const onTrouble = (what: string): void => events.onTrouble(what);
    this.#writer = new JournalWriter({ journal, clock, lost, onTrouble });
    this.#background = { source, clock, onTrouble };
    this.#keepWarm = new KeepWarm(plan, options.warm, this.#background);
    const checkpoint = Check(Checkpoint, saved) ? saved : undefined;
    const judge = options.makeJudge(plan.settings, checkpoint?.judge);
    evidence?.begin(judge.restored ? (checkpoint?.atMs ?? null) : null, clock.now());
    this.#recorder = new OutcomeRecorder(plan, evidence?.recorded(judge) ?? judge, this.#shares, checkpoint);
    this.#evidence = new StepEvidence(plan, source, this.#recorder);
    this.#checkpoints = new Checkpoints(options, this.#recorder, (what, run) => this.#attempt(what, run));
  }

  async run(): Promise<State> {
    const { checks } = this.#options;
    const { settings } = this.#plan;
    const wanted = { fields: answerFieldsOf(settings), pinned: settings.preview !== undefined };
    const hearing = Promise.all([
      hear(this.#recorder, wanted, this.#background, this.#stop.signal),
      checks && readChecks(checks, this.#recorder, this.#background, this.#stop.signal),
    ]);
    try {
      await this.#look();
      await this.#takeOwn();
      if (KNOWN_SHARE.has(this.#state.phase)) this.#settle();
      while (!isOver(this.#state)) await this.#turn();
      await this.#checkpoints.write();
    } finally {
      this.#stop.abort();
      await hearing;
    }
    return this.#state;
  }

  get #state(): State {
    return this.#entry.state;
  }

  /** Takes the action of the current state, until the state changes. */
  async #turn(): Promise<void> {
    const { engine, warm } = this.#options;
    const now = (): number => this.#clock.now();
    const { phase } = this.#state;
    if (phase !== "shifting" && phase !== "restoring")
      return this.#meanwhile(actionOf(phase, engine, warm, this.#plan, now));
    // Commands come first: after a crash, the step that is pending may no longer be wanted.
    if (await this.#takeAsked()) return;
    this.#writer.checkLock();
    const event = await writeGoal(engine, this.#plan, this.#state, now);
    if (event.type === "failed") this.#options.events.onTrouble(event.why);
    const before = this.#state;
    await this.#take(event);
    if (this.#state === before) await this.#clock.sleep(RETRY_MS);
  }

  /** Runs an action in parallel to the regular decisions until the phase changes, and retries it after a failure. */
  async #meanwhile(action: ((signal: AbortSignal) => Promise<Event>) | undefined): Promise<void> {
    const { phase } = this.#state;
    const over = new AbortController();
    let done: Event | undefined;
    let wake = new AbortController();
    const tell = (event: Event): void => {
      done = event;
      wake.abort();
    };
    const begin = (): void => {
      action?.(over.signal).then(tell, (error: unknown) =>
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
          // After a failure, retry with a pause.
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

  /** Makes the due decisions: commands, the verdict, deadlines, and changes by other writers. */
  async #beat(signal: AbortSignal): Promise<void> {
    const { events, beatMs = 250, watchMs = 1_000 } = this.#options;
    this.#writer.checkLock();
    const { phase } = this.#state;
    if (await this.#takeAsked()) return;
    const ruling = this.#evidence.ruling(this.#state);
    const { verdict, because } = this.#evidence.verdictOf(ruling);
    const atMs = this.#clock.now();
    if (await this.#take({ type: "verdict", atMs, verdict, because })) return;
    const silent = phase === "baking" ? { silent: this.#evidence.silence(this.#state, atMs) } : {};
    const preview = phase === "previewing" ? { preview: { ...this.#recorder.preview } } : {};
    if (await this.#take({ type: "time", atMs, ...silent, ...preview })) return;
    if (atMs - this.#watchedAt >= watchMs) await this.#look();
    if (this.#state.phase !== phase) return;
    this.#recorder.note(atMs, this.#percent, ruling, false);
    events.onBeat(this.#state, this.#recorder, ruling, atMs);
    await this.#checkpoints.beat(atMs);
    if (phase === "baking" || phase === "waiting") this.#keepWarm.beat(this.#stop.signal);
    await this.#clock.sleep(beatMs, signal);
  }

  /** Handles a command, from this terminal first. @returns whether the phase changed */
  async #takeAsked(): Promise<boolean> {
    if (await this.#takeOwn()) return true;
    const requests = await this.#attempt("read the requests", () => this.#options.journal.requests());
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

  /** Reads the split to detect changes by other writers. */
  async #look(): Promise<void> {
    const live = await this.#attempt("read the split", () => this.#options.engine.read());
    if (live === undefined) return;
    this.#watchedAt = this.#clock.now();
    await this.#take({ type: "seen", atMs: this.#watchedAt, live: liveSplitOf(live) });
  }

  /** Makes the transition of an event, if it causes one. @returns whether the phase changed */
  async #take(event: Event): Promise<boolean> {
    const state = next(this.#plan, this.#state, event);
    if (state === this.#state) return false;
    const before = this.#state.phase;
    const entry: Entry = { seq: this.#entry.seq + 1, event, state };
    await this.#checkpoints.decide(entry.seq, this.#evidence.nextPercent(this.#state));
    await this.#writer.append(entry);
    this.#entry = entry;
    if (event.type === "in force") this.#settle();
    else if (before !== state.phase && (state.phase === "shifting" || state.phase === "restoring"))
      this.#shares.set(this.#clock.now(), undefined);
    const ruling = this.#evidence.ruling(this.#state);
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

  /** Records that the last written split is in force from now on. */
  #settle(): void {
    const from = this.#clock.now();
    this.#shares.set(from, shareOf(this.#plan, this.#state.written.targets));
    this.#recorder.stepBegins(from, this.#plan.steps[this.#state.step]?.preview);
  }

  get #percent(): number {
    return percentOf(this.#state.written.targets, this.#plan.candidate);
  }
}

/** The phases that begin once a split is in force. */
const KNOWN_SHARE = new Set<State["phase"]>([
  "preparing",
  "warming",
  "previewing",
  "judging",
  "waiting",
  "baking",
]);
