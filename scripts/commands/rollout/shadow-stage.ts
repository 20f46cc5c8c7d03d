import { EXIT, Failure } from "../../exit.ts";
import type { Plan } from "../../rollout/plan/plan.ts";
import { versionsOf } from "../../shadow/versions.ts";
import { printMessage } from "../../text/print.ts";
import { compare, lockOf, takeBackLeftover, VERDICT_EXITS } from "../shadow/compare-in-shadow.ts";
import { shadowContext } from "../shadow/context.ts";
import type { RolloutFlags } from "./flags.ts";

/** How long the candidate is compared before its first percent, and what for; undefined if it is not. */
export type ShadowStage = NonNullable<Plan["shadow"]>;

/**
 * Compares the candidate's answers on mirrored requests before it gets its first percent.
 * @returns the verdict, which is an acceptance
 * @throws Failure when it is not: nothing was begun then
 */
export async function shadowStage(
  service: string,
  to: string,
  flags: RolloutFlags & { shadow: number },
  signal: AbortSignal,
): Promise<ShadowStage> {
  const context = await shadowContext(service, flags);
  const { targets } = await context.engine.read();
  const versions = versionsOf(service, targets, { to, from: flags.from });
  const held = await lockOf(context, service);
  try {
    await takeBackLeftover(context);
    const compared = await compare(context, {
      service,
      versions,
      criteria: flags.accept,
      percent: flags.shadowPercent,
      repeat: 5,
      for: flags.shadow,
      toTheEnd: false,
      signal,
    });
    if (signal.aborted) throw new Failure("Interrupted. No rollout was started.", EXIT.interrupted);
    if (compared === undefined)
      throw new Failure(
        `Nothing was compared, so the rollout of ${service} was not begun.`,
        VERDICT_EXITS.undecided,
      );
    const { report, files } = compared;
    const { verdict, because } = report;
    if (verdict !== "accepted")
      throw new Failure(
        `The comparison in shadow is ${verdict}: ${because}. Nothing was begun.\nreport: ${files.html}`,
        VERDICT_EXITS[verdict],
      );
    printMessage(`accepted in shadow: ${because}; report: ${files.html}`);
    return { verdict, because, pairs: report.counts.pairs, report: report.id };
  } finally {
    await held.release();
  }
}
