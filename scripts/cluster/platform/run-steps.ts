import { Interrupted, Unable } from "../user-error.ts";
import type { Site } from "./platform-context.ts";
import type { Look, Step, StepView } from "./step.ts";

export interface RunStepsOptions {
  /** Called with all steps after each change. */
  onSteps?(views: readonly StepView[]): void;
  /** Called when it is known what is to be changed, before anything is. May throw, and then nothing is made. */
  agree?(due: readonly StepView[]): Promise<void>;
  /** Looks, and makes nothing. */
  dryRun?: boolean;
  now?: () => number;
}

/**
 * Runs steps in order. All are looked at first, so that programs which are missing are told before anything is
 * changed; each is made only where it is not so.
 * @throws Unable, Interrupted, and what steps throw; what was made stays
 */
export async function runSteps(
  steps: readonly Step[],
  site: Site,
  options: RunStepsOptions = {},
): Promise<StepView[]> {
  const { onSteps, agree, dryRun = false, now = performance.now.bind(performance) } = options;
  const views = steps.map(viewOf);
  const change = (i: number, changes: Partial<StepView>): void => {
    const before = views[i];
    if (before !== undefined) views[i] = { ...before, ...changes };
    onSteps?.([...views]);
  };

  const look = async (step: Step, i: number): Promise<Look> => {
    site.signal.throwIfAborted();
    change(i, { state: "looking" });
    const seen = await step.look(site);
    change(i, { state: seen.so ? "there" : "due", detail: seen.detail, warnings: seen.warnings ?? [] });
    return seen;
  };

  const plan = async (): Promise<void> => {
    let opened = true;
    for (const [i, step] of steps.entries()) {
      if (!opened) change(i, { state: "unknown" });
      else if (!(await look(step, i)).so && step.opensCluster) opened = false;
    }
    const missing = new Set<string>();
    for (const [i, step] of steps.entries()) {
      const state = views[i]?.state;
      if (state === "there") continue;
      for (const need of (await step.needs?.(site, state !== "unknown")) ?? []) missing.add(need);
    }
    if (missing.size > 0) throw new Unable([...missing].join("\n"));
  };

  const make = async (step: Step, i: number): Promise<void> => {
    const since = now();
    change(i, { state: "making", since, detail: "" });
    try {
      const tell = (detail: string, passing = ""): void => change(i, { detail, passing });
      const detail = await step.make(site, tell);
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
    if (changing.length > 0) await agree?.(changing);
    let changed = false;
    for (const [i, step] of steps.entries()) {
      // What was seen before something else was made may have changed with it.
      if (changed || views[i]?.state === "unknown") await look(step, i);
      if (views[i]?.state === "there") continue;
      await make(step, i);
      changed = true;
    }
    return views;
  } catch (error) {
    if (site.signal.aborted) throw new Interrupted("interrupted");
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
