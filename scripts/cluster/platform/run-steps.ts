import { Interrupted, UserError } from "../user-error.ts";
import type { PlatformContext } from "./platform-context.ts";
import type { Inspection, Step, StepView } from "./step.ts";

export interface RunStepsOptions {
  /** Called with all steps after each change. */
  onSteps?(views: readonly StepView[]): void;
  /** Called with the steps that will change something, before any change. Nothing is run if it throws. */
  confirm?(due: readonly StepView[]): Promise<void>;
  /** Whether to only inspect the steps. */
  dryRun?: boolean;
  now?: () => number;
}

/**
 * Runs steps in order. All are inspected first, so that missing programs are reported before any change. A step whose
 * result exists already is skipped.
 * @throws UserError, Interrupted, and errors of steps; completed steps remain
 */
export async function runSteps(
  steps: readonly Step[],
  platform: PlatformContext,
  options: RunStepsOptions = {},
): Promise<StepView[]> {
  const { onSteps, confirm, dryRun = false, now = performance.now.bind(performance) } = options;
  const views = steps.map(viewOf);
  const change = (i: number, changes: Partial<StepView>): void => {
    const before = views[i];
    if (before !== undefined) views[i] = { ...before, ...changes };
    onSteps?.([...views]);
  };

  const inspect = async (step: Step, i: number): Promise<Inspection> => {
    platform.signal.throwIfAborted();
    change(i, { state: "looking" });
    const seen = await step.inspect(platform);
    change(i, { state: seen.done ? "there" : "due", detail: seen.detail, warnings: seen.warnings ?? [] });
    return seen;
  };

  const plan = async (): Promise<void> => {
    let opened = true;
    for (const [i, step] of steps.entries()) {
      if (!opened) change(i, { state: "unknown" });
      else if (!(await inspect(step, i)).done && step.opensCluster) opened = false;
    }
    const missing = new Set<string>();
    for (const [i, step] of steps.entries()) {
      const state = views[i]?.state;
      if (state === "there") continue;
      for (const need of (await step.needs?.(platform, state !== "unknown")) ?? []) missing.add(need);
    }
    if (missing.size > 0) throw new UserError([...missing].join("\n"));
  };

  const runStep = async (step: Step, i: number): Promise<void> => {
    const since = now();
    change(i, { state: "making", since, detail: "" });
    try {
      const report = (detail: string, passing = ""): void => change(i, { detail, passing });
      const detail = await step.run(platform, report);
      change(i, { state: "made", detail, passing: "", tookMs: now() - since });
    } catch (error) {
      change(i, { state: "failed", passing: "", tookMs: now() - since });
      throw error;
    }
  };

  try {
    await plan();
    const due = views.filter(({ state }) => state !== "there");
    if (dryRun || due.length === 0) return views;
    const changing = views.filter(({ state }, i) => state !== "there" && !steps[i]?.readsOnly);
    if (changing.length > 0) await confirm?.(changing);
    let changed = false;
    for (const [i, step] of steps.entries()) {
      // An earlier step may have changed the inspected state.
      if (changed || views[i]?.state === "unknown") await inspect(step, i);
      if (views[i]?.state === "there") continue;
      await runStep(step, i);
      changed = true;
    }
    return views;
  } catch (error) {
    if (platform.signal.aborted) throw new Interrupted("interrupted");
    throw error;
  }
}

function viewOf({ name, title }: Step): StepView {
  return {
    name,
    title,
    state: "waiting",
    detail: "",
    passing: "",
    warnings: [],
    since: undefined,
    tookMs: undefined,
  };
}
