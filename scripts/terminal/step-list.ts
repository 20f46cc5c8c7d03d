import type { StepState, StepView } from "../cluster/platform/step.ts";
import { isLive, type LiveLine, LiveTree, type LiveTreeOptions } from "./live-tree.ts";
import { type Style, styleFor } from "./style.ts";

const SIGNS: Readonly<Record<StepState, string>> = {
  waiting: "○",
  looking: "○",
  unknown: "○",
  due: "●",
  making: "●",
  there: "✓",
  made: "✓",
  failed: "✗",
};

/**
 * Draws steps, one per line, with the warnings below.
 * @param live whether lines can change later; otherwise a step is drawn only when it has started
 */
export function drawSteps(
  views: readonly StepView[],
  style: Style,
  { live, now, dryRun = false }: { live: boolean; now: number; dryRun?: boolean },
): LiveLine[] {
  const width = Math.max(0, ...views.map(({ title }) => title.length));
  return views.flatMap((view) => {
    if (!live && !isTold(view, dryRun)) return [];
    const title = view.title.padEnd(width);
    const line = {
      text: `${sign(view, style)} ${title}  ${stateOf(view, style, dryRun)}`.trimEnd(),
      passing: passing(view, style, now),
    };
    const warnings = view.warnings.map((warning) => ({ text: `  ${style.warn("!")} ${warning}` }));
    return [line, ...warnings];
  });
}

function isTold({ state, detail }: StepView, dryRun: boolean): boolean {
  if (state === "waiting" || state === "looking") return false;
  if (state === "due" || state === "unknown") return dryRun;
  return state !== "making" || detail !== "";
}

function sign({ state }: StepView, style: Style): string {
  const text = SIGNS[state];
  if (state === "there" || state === "made") return style.good(text);
  if (state === "failed") return style.bad(text);
  return state === "making" || state === "due" ? style.warn(text) : style.dim(text);
}

function stateOf({ state, detail }: StepView, style: Style, dryRun: boolean): string {
  switch (state) {
    case "waiting":
      return "";
    case "looking":
      return style.dim("looking");
    case "unknown":
      return style.dim(dryRun ? "to be looked at when the cluster is there" : "");
    case "due":
      return dryRun ? `to do: ${detail}` : style.dim(detail);
    case "there":
      return `${detail} ${style.dim("(was so already)")}`;
    case "making":
      return detail;
    case "made":
      return detail;
    case "failed":
      return `${style.bad("failed")}${detail === "" ? "" : ` while: ${detail}`}`;
  }
}

function passing({ state, passing, since, tookMs }: StepView, style: Style, now: number): string {
  if (state === "making") {
    const time = since === undefined ? "" : `${seconds(now - since)} `;
    return style.dim(`${time}${passing}`.trim());
  }
  return tookMs === undefined ? "" : style.dim(seconds(tookMs));
}

function seconds(ms: number): string {
  const whole = Math.round(ms / 1_000);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

export interface StepListOptions extends Omit<LiveTreeOptions, "stream"> {
  /** Whether this is a dry run. @default false */
  dryRun?: boolean;
  /** @default what suits the stream */
  style?: Style;
}

/** Shows steps while they run: in place on a terminal, line by line elsewhere. */
export class StepList {
  readonly #tree: LiveTree;
  readonly #style: Style;
  readonly #live: boolean;
  readonly #dryRun: boolean;
  #views: readonly StepView[] = [];
  readonly #ticking: Timer;

  constructor(stream: NodeJS.WriteStream, options: StepListOptions = {}) {
    const { dryRun = false, live = isLive(stream), style = styleFor(stream), ...rest } = options;
    this.#tree = new LiveTree({ ...rest, live, stream });
    this.#style = style;
    this.#live = live;
    this.#dryRun = dryRun;
    // The elapsed time of a step advances between events.
    this.#ticking = setInterval(() => this.#draw(), 1_000);
    this.#ticking.unref();
  }

  readonly show = (views: readonly StepView[]): void => {
    this.#views = views;
    this.#draw();
  };

  /** Writes text that stays above the steps. */
  say(text: string): void {
    this.#tree.say(text);
  }

  /** Leaves the steps in place, so that a question can be shown below them. */
  leave(): void {
    this.#tree.leave();
  }

  end(): void {
    clearInterval(this.#ticking);
    this.#tree.end();
  }

  #draw(): void {
    const now = performance.now();
    const { show, live, dryRun } = { show: this.#views, live: this.#live, dryRun: this.#dryRun };
    this.#tree.update(drawSteps(show, this.#style, { live, now, dryRun }));
  }
}
