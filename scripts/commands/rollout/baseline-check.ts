import { Check } from "typebox/schema";
import { percent, time } from "../../format.ts";
import type { Saved } from "../../rollout/journal/journal.ts";
import { look } from "../../rollout/plan/look.ts";
import { realClock } from "../../rollout/clock.ts";
import { Checkpoint } from "../../rollout/outcomes/timeline.ts";
import { printMessage } from "../../text/print.ts";
import type { RolloutContext } from "./context.ts";
import { messageOf } from "../../text/message-of.ts";

/** The error rate from which the baseline counts as failing. */
const FAILING = 0.2;
const LEAST_REQUESTS = 5;
const PROBE_MS = 5_000;
const LOOK_MS = 3_000;

/** Warns before a rollback if the baseline is not ready, does not answer, or fails. */
export async function warnAboutBaseline(context: RolloutContext, saved: Saved): Promise<void> {
  const { plan } = saved;
  const revisions = await context.engine.revisions();
  const found = revisions.find(({ name }) => name === plan.baseline);
  if (found === undefined) return warn(`${plan.baseline} is gone`);
  if (!found.ready) warn(`${plan.baseline} is not ready: ${found.reason ?? "no reason was given"}`);
  const tag = plan.original.targets.find((each) => each.revision === plan.baseline && each.tag !== null)?.tag;
  if (context.warm !== undefined && tag !== undefined) {
    const signal = AbortSignal.timeout(PROBE_MS);
    await context.warm(plan.baseline, tag, signal).catch((error: unknown) => {
      warn(`${plan.baseline} does not respond as expected: ${messageOf(error)}`);
    });
  }
  const checkpoint = Check(Checkpoint, saved.checkpoint) ? saved.checkpoint : undefined;
  const { requests = 0, errors = 0 } = checkpoint?.tally.baseline ?? {};
  if (requests >= LEAST_REQUESTS && errors / requests >= FAILING)
    warn(`${plan.baseline} failed ${percent(errors / requests)} of ${requests} requests during the rollout`);
}

/** Observes the traffic after a rollback, and reports whether the original split works, judged by its requests. */
export async function checkAfterReturn(context: RolloutContext, saved: Saved): Promise<boolean> {
  const { baseline } = saved.plan;
  const traffic = await look(
    context.source,
    realClock,
    LOOK_MS + context.source.lagMs,
    new AbortController().signal,
  );
  const { errors, rps, ms } = traffic;
  if (errors === undefined) {
    printMessage(
      `There was no request in the ${time(ms)} since, so it is unknown whether ${baseline} works.`,
    );
    return true;
  }
  const seen = `${percent(errors)} of about ${Math.max(1, Math.round((rps * ms) / 1000))} requests failed in the ${time(ms)} since`;
  if (errors < FAILING) printMessage(`${seen}.`);
  else warn(`the original split is restored, but ${seen}: ${baseline} fails`);
  return errors < FAILING;
}

function warn(text: string): void {
  printMessage(`warning: ${text}`);
}
