import type { Entry } from "../../rollout/journal/journal.ts";
import type { Phase } from "../../rollout/machine/state.ts";
import type { RolloutView } from "../../rollout/run/view.ts";
import { drawRollout } from "./draw-rollout.ts";
import { count } from "../../format.ts";
import { isLive, LiveTree, type LiveTreeOptions } from "../live-tree.ts";
import { type Style, styleFor } from "../style.ts";

/** The output of `rollout`: a permanent line for each decision, and on a terminal the live tree below. */
export class RolloutScreen {
  readonly #tree: LiveTree;
  readonly #style: Style;
  readonly #live: boolean;
  #phase: Phase | undefined;
  #trouble = "";
  #asking = false;
  #reason = "";

  constructor(stream: NodeJS.WriteStream, options: Omit<LiveTreeOptions, "stream"> & { style?: Style } = {}) {
    this.#live = options.live ?? isLive(stream);
    this.#tree = new LiveTree({ ...options, stream });
    this.#style = options.style ?? styleFor(stream);
  }

  onEntry({ event, state }: Entry, view: RolloutView): void {
    if (state.phase === this.#phase && event?.type !== "asked") return;
    this.#phase = state.phase;
    this.#tree.say(this.#line(view));
    this.onBeat(view, state.phase === "held" && state.foreign !== null);
  }

  /** @param always whether to draw it on a stream without cursor movement too */
  onBeat(view: RolloutView, always = false): void {
    if ((this.#live || always) && !this.#asking) this.#tree.update(drawRollout(view, this.#style));
  }

  onTrouble(what: string): void {
    // It is retried every second, and printed once.
    if (what === this.#trouble) return;
    this.#trouble = what;
    this.#tree.say(this.#style.warn(`${clock(Date.now())}  ${what}; retrying`));
  }

  /** Stops redrawing while a question is shown below. */
  leave(): void {
    this.#asking = true;
    this.#tree.leave();
  }

  /** Resumes drawing below the question and its answer. */
  goOn(): void {
    this.#asking = false;
  }

  end(): void {
    this.#tree.end();
  }

  #line({ atMs, doing, reason, candidate, baseline, phase }: RolloutView): string {
    const mark =
      phase === "promoted"
        ? this.#style.good
        : phase === "restoring" || phase === "rolled back" || phase === "held"
          ? this.#style.bad
          : this.#style.bold;
    const side = ({ requests, errors }: RolloutView["candidate"]): string =>
      `${count(requests)} requests, ${count(errors)} errors`;
    const seen = `candidate ${side(candidate)}; baseline ${side(baseline)}`;
    // Several phases often have the same reason, which is printed once.
    const why = reason === "" || reason === this.#reason ? "" : `: ${reason}`;
    this.#reason = reason;
    return `${this.#style.dim(clock(atMs))}  ${mark(doing)}${why}  ${this.#style.dim(`(${seen})`)}`;
  }
}

function clock(atMs: number): string {
  return new Date(atMs).toTimeString().slice(0, 8);
}
