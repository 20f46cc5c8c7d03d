import type { CheckResult } from "../cluster/verify/check.ts";
import type { Scenario, Stage } from "./scenario.ts";
import { messageOf } from "../text/message-of.ts";

/**
 * Runs scenarios one after another. A failed scenario is a failed check, and the next one runs. Each scenario cleans up
 * after itself, even if it failed or the user ended it.
 * @param stageFor makes a stage whose work ends with a signal
 * @throws the signal's reason when the user ended it
 */
export async function runScenarios(
  scenarios: readonly Scenario[],
  stageFor: (signal: AbortSignal) => Stage,
  { signal, onResults }: { signal: AbortSignal; onResults(results: CheckResult[]): void },
): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const scenario of scenarios) {
    signal.throwIfAborted();
    const found = await runScenario(scenario, stageFor(signal));
    await clean(scenario, stageFor(new AbortController().signal));
    // A cancelled scenario is not evidence about the system.
    signal.throwIfAborted();
    results.push(...found);
    onResults(found);
  }
  return results;
}

async function runScenario({ name, run }: Scenario, stage: Stage): Promise<CheckResult[]> {
  const startedAt = performance.now();
  stage.report(name);
  try {
    const results = await run(stage);
    stage.report(`${name}: ${Math.round((performance.now() - startedAt) / 1000)} s`);
    return results;
  } catch (error) {
    return [{ group: name, name: "completes", expected: "yes", seen: messageOf(error), ok: false }];
  }
}

/** Ignores the user's signal, so that changes are reverted before the command ends. */
async function clean(scenario: Scenario, stage: Stage): Promise<void> {
  try {
    await scenario.clean?.(stage);
  } catch (error) {
    stage.report(`cleaning up after ${scenario.name} failed: ${messageOf(error)}`);
  }
}
