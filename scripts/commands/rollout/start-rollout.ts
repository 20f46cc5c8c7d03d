import { EXIT, Failure } from "../../exit.ts";
import { type Entry, lastOf } from "../../rollout/journal/journal.ts";
import { initialState, isOver } from "../../rollout/machine/state.ts";
import { forecast, type StepForecast } from "../../rollout/plan/forecast.ts";
import { look, type Traffic } from "../../rollout/plan/look.ts";
import { makePlan, NoPlan, type Plan } from "../../rollout/plan/plan.ts";
import { realClock } from "../../rollout/clock.ts";
import { drawPlan } from "../../terminal/rollout/draw-plan.ts";
import { styleFor } from "../../terminal/style.ts";
import { confirmRemoteChange } from "../cluster/confirm.ts";
import { drive } from "./carry-out.ts";
import { candidateOf, type RolloutFlags, settingsOf } from "./flags.ts";
import { Interrupts } from "./interrupts.ts";
import { rolloutCommandLine, waysOn } from "./next-step.ts";
import { type RolloutContext, contextOf } from "./context.ts";
import { printMessage, printTo } from "../../text/print.ts";
import { printData } from "../../text/data.ts";
import { messageOf } from "../../text/message-of.ts";

/** Plans a rollout, shows the plan, and runs it; the exit code. */
export async function begin(service: string, flags: RolloutFlags): Promise<number> {
  const to = candidateOf(service, flags);
  const context = await contextOf(service, flags);
  if (context.because !== undefined) printMessage(`engine ${context.engine.name}: ${context.because}`);
  const interrupts = new Interrupts(context.who);
  try {
    if (flags.dryRun) {
      await planned(context, service, to, flags, interrupts.signal, process.stdout);
      return EXIT.ok;
    }
    await confirmRollout(context, service, { to, action: `--to ${to}` }, flags, interrupts.signal);
    const held = await context.lock.acquire(context.who);
    try {
      if (process.env["KYC_ROLLOUT_JOB"] !== undefined) {
        const saved = await context.journal.load();
        // An earlier pod of the Job ended during the rollout.
        if (saved !== undefined && !isOver(lastOf(saved)))
          return await drive({ context, ...saved, held, flags, interrupts, asks: "resume" });
      }
      await refuseUnfinished(context, service, flags);
      const shadow = await comparedInShadow(context, service, to, flags, interrupts.signal);
      const plan = {
        ...(await planned(context, service, to, flags, interrupts.signal, process.stderr)),
        ...shadow,
      };
      const { targets, version } = plan.original;
      const initial = initialState({ targets, version }, plan.atMs);
      const first: Entry = { seq: 0, event: null, state: { ...initial, reason: reasonOf(plan) } };
      await context.journal.begin(plan, first);
      return await drive({ context, plan, entries: [first], checkpoint: undefined, held, flags, interrupts });
    } finally {
      await held.release();
    }
  } finally {
    interrupts.end();
  }
}

/** The verdict of the comparison in shadow, if one was asked for. @throws Failure when the candidate is not accepted */
async function comparedInShadow(
  context: RolloutContext,
  service: string,
  to: string,
  flags: RolloutFlags,
  signal: AbortSignal,
): Promise<Pick<Plan, "shadow">> {
  if (flags.shadow === undefined) return {};
  // Reports a mistake in the plan before the comparison, not an hour later.
  await planOf(context, service, to, flags);
  const { shadowStage } = await import("./shadow-stage.ts");
  return { shadow: await shadowStage(service, to, { ...flags, shadow: flags.shadow }, signal) };
}

/** Why a rollout begins, for its first entry. */
function reasonOf({ shadow }: Plan): string {
  return shadow === undefined
    ? ""
    : `accepted in shadow after ${shadow.pairs} requests: ${shadow.because} (${shadow.report})`;
}

/** The plan, after it was shown. */
async function planned(
  context: RolloutContext,
  service: string,
  to: string,
  flags: RolloutFlags,
  signal: AbortSignal,
  stream: NodeJS.WriteStream,
): Promise<Plan> {
  const plan = await planOf(context, service, to, flags);
  const traffic = await seen(context, flags, signal);
  const steps = traffic === undefined ? [] : forecast(plan, traffic);
  await show(plan, traffic, steps, flags, stream);
  return plan;
}

/** The plan of a rollout from the live split. @throws Failure if it is impossible */
export async function planOf(
  { engine, source, who, checkPrometheus }: RolloutContext,
  service: string,
  to: string,
  flags: RolloutFlags,
): Promise<Plan> {
  const refusal = flags.preview?.header === undefined ? undefined : await engine.previewRefusal?.();
  if (refusal !== undefined) throw new NoPlan(`--preview: ${refusal}`);
  const [live, revisions] = await Promise.all([engine.read(), engine.revisions()]);
  return makePlan({
    id: idOf(service),
    service,
    engine,
    source,
    live,
    revisions: revisions.map(({ name }) => name),
    to,
    from: flags.from,
    percents: flags.steps,
    settings: {
      ...settingsOf(flags),
      ...(checkPrometheus === undefined ? {} : { checkPrometheus: checkPrometheus.base }),
    },
    by: who,
    atMs: Date.now(),
  });
}

async function show(
  plan: Plan,
  traffic: Traffic | undefined,
  steps: StepForecast[],
  { dryRun, output }: RolloutFlags,
  stream: NodeJS.WriteStream,
): Promise<void> {
  if (dryRun && output !== undefined) return await printData({ plan, traffic, steps }, output);
  printTo(stream, `${drawPlan(plan, traffic, steps, styleFor(stream)).join("\n")}\n`);
}

async function seen(
  { source }: RolloutContext,
  flags: RolloutFlags,
  signal: AbortSignal,
): Promise<Traffic | undefined> {
  printMessage(`looking at the traffic for ${Math.round(flags.look / 1000)} s`);
  return look(source, realClock, flags.look, signal).catch((error: unknown) => {
    if (signal.aborted) throw new Failure("Interrupted. No rollout was started.", EXIT.interrupted);
    // A dry run is useful without traffic; a rollout is not.
    if (!flags.dryRun) throw error;
    printMessage(messageOf(error));
    return undefined;
  });
}

/** @throws Failure when an earlier rollout of the service is under way, or held */
export async function refuseUnfinished(
  { journal }: RolloutContext,
  service: string,
  flags: RolloutFlags,
): Promise<void> {
  const saved = await journal.load();
  if (saved === undefined) return;
  const state = lastOf(saved);
  if (isOver(state) && state.phase !== "held") return;
  throw new Failure(
    `A rollout of ${service} to ${saved.plan.candidate} is not over: it is ${state.phase}${state.reason === "" ? "" : ` (${state.reason})`}.\n` +
      waysOn(service, flags),
    EXIT.usage,
  );
}

/** Asks for confirmation before traffic is moved on a cluster that the user did not name. @param action the flags of the command */
export async function confirmRollout(
  { kube }: RolloutContext,
  service: string,
  { to, action }: { to: string; action: string },
  flags: RolloutFlags,
  signal: AbortSignal,
): Promise<void> {
  if (kube === undefined || flags.context !== undefined || process.env["KYC_ROLLOUT_JOB"] !== undefined)
    return;
  const todo = `moving the traffic of ${service} to ${to}`;
  await confirmRemoteChange({
    connection: kube.connection,
    todo,
    command: rolloutCommandLine(service, action, flags),
    signal,
  });
}

function idOf(service: string): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
  return `${service}-${time}-${crypto.randomUUID().slice(0, 4)}`;
}
