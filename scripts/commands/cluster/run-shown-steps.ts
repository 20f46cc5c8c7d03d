import type { PlatformContext } from "../../cluster/platform/platform-context.ts";
import type { Step, StepView } from "../../cluster/platform/step.ts";

interface ShownStepsOptions {
  readonly dryRun: boolean;
  /** Asks the user before the pending steps change anything. Throws if the user declines. */
  readonly confirm: (due: readonly StepView[]) => Promise<void>;
}

/** Runs the steps of `up` or `down`, draws them on standard error while they run, and returns their results. */
export async function runShownSteps(
  steps: readonly Step[],
  platform: PlatformContext,
  { dryRun, confirm }: ShownStepsOptions,
): Promise<StepView[]> {
  const [{ runSteps }, { StepList }] = await Promise.all([
    import("../../cluster/platform/run-steps.ts"),
    import("../../terminal/step-list.ts"),
  ]);
  const list = new StepList(process.stderr, { dryRun });
  try {
    return await runSteps(steps, platform, {
      onSteps: list.show,
      dryRun,
      confirm: (due) => {
        list.leave();
        return confirm(due);
      },
    });
  } finally {
    list.end();
  }
}
