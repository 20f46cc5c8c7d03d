import { EXIT, Failure } from "../../exit.ts";
import { lastOf, type Saved } from "../../rollout/journal/journal.ts";
import { type Command, isGoingBack, isOver, type State } from "../../rollout/machine/state.ts";
import { doing } from "../../rollout/run/view.ts";
import { personOf, unapproved } from "../../rollout/machine/transitions.ts";
import { checkAfterReturn, warnAboutBaseline } from "./baseline-check.ts";
import { drive, exitCodeOfPhase } from "./carry-out.ts";
import type { RolloutFlags } from "./flags.ts";
import { rolloutCommandLine, waysOn } from "./next-step.ts";
import { Interrupts } from "./interrupts.ts";
import { type RolloutContext, contextOf } from "./context.ts";
import { printMessage } from "../../text/print.ts";

const PATIENCE_MS = 60_000;
const LOOK_MS = 200;

/**
 * Sends a command to a rollout: through its journal to the process that runs it, or, if there is none, by running it
 * here. Returns the rollout's exit code if this process ends it, else 0 on success.
 */
export async function control(service: string, command: Command, flags: RolloutFlags): Promise<number> {
  const context = await contextOf(service, flags);
  const saved = await context.journal.load();
  if (saved === undefined)
    throw new Failure(`${context.journal.place} has no rollout of ${service}.`, EXIT.usage);
  const state = lastOf(saved);
  refuseSenseless(service, command, state, flags);
  if (command === "approve") refuseApproval(service, saved, context.who);
  const holder = await context.lock.holder();
  if (holder === undefined && (command === "pause" || command === "approve"))
    throw new Failure(
      `No process runs the rollout of ${service}: it stopped ${doing(saved.plan, state)}.\n${waysOn(service, flags)}`,
      EXIT.usage,
    );
  if (command === "back") await warnAboutBaseline(context, saved);
  const code = await (holder === undefined
    ? takeOver(service, context, command, flags)
    : tell(context, saved, command, flags));
  if (command !== "back" || code !== EXIT.ok) return code;
  return (await checkAfterReturn(context, saved)) ? code : EXIT.failed;
}

/** Refuses an approval if the rollout waits for none, or by the person who started it. */
function refuseApproval(service: string, saved: Saved, who: string): void {
  const state = lastOf(saved);
  if (state.phase !== "waiting" || unapproved(saved.plan, state).length === 0)
    throw new Failure(
      `The rollout of ${service} does not wait for an approval: it is ${doing(saved.plan, state)}.`,
      EXIT.usage,
    );
  if (personOf(who) === personOf(saved.plan.by))
    throw new Failure(
      `${personOf(who)} started this rollout, so another person must approve it: --approve --by NAME.`,
      EXIT.usage,
    );
}

function refuseSenseless(service: string, command: Command, state: State, flags: RolloutFlags): void {
  if (command === "back" || !isOver(state) || state.phase === "held") return;
  // Repeating the same command is not an error.
  if (command === "abort" && state.phase === "rolled back") return;
  const hint =
    state.phase === "promoted" ? ` To return: ${rolloutCommandLine(service, "--back", flags)}` : "";
  throw new Failure(`The rollout of ${service} is over: ${state.phase}.${hint}`, EXIT.usage);
}

/** Queues a command in the journal, and waits until the process that runs the rollout has handled it. */
async function tell(
  context: RolloutContext,
  saved: Saved,
  command: Command,
  flags: RolloutFlags,
): Promise<number> {
  const { journal, who } = context;
  const number = (await journal.requests()).length;
  await journal.ask({ command, by: who, why: flags.reason, overwrite: flags.overwrite, atMs: Date.now() });
  const end = performance.now() + PATIENCE_MS;
  const isBack = command === "abort" || command === "back";
  for (;;) {
    await Bun.sleep(LOOK_MS);
    const now = (await journal.load()) ?? saved;
    if (now.plan.id !== saved.plan.id) throw new Failure("Another rollout has started in the meantime.");
    const state = lastOf(now);
    const isHandled = state.handled > number;
    if (isHandled && (!isBack || isOver(state) || !isGoingBack(state))) {
      printMessage(`${doing(now.plan, state)}${state.reason === "" ? "" : `: ${state.reason}`}`);
      if (!isBack) return EXIT.ok;
      return state.phase === "rolled back" ? EXIT.ok : EXIT.failed;
    }
    if (performance.now() > end && !isHandled)
      throw new Failure(
        `The process that runs it did not respond within ${PATIENCE_MS / 1000} s. To see its state: ${rolloutCommandLine(now.plan.service, "--status", flags)}`,
      );
  }
}

/** Continues where the last process stopped. */
async function takeOver(
  service: string,
  context: RolloutContext,
  command: Command,
  flags: RolloutFlags,
): Promise<number> {
  const held = await context.lock.acquire(context.who);
  const interrupts = new Interrupts(context.who);
  try {
    // Read again: only the holder of the lock writes the journal.
    const saved = await context.journal.load();
    if (saved === undefined) throw new Failure(`The rollout of ${service} is gone.`);
    const { plan, entries, checkpoint } = saved;
    const code = await drive({ context, plan, entries, checkpoint, held, flags, interrupts, asks: command });
    // A requested rollback is a success.
    const isBack = command === "abort" || command === "back";
    return isBack && code === exitCodeOfPhase("rolled back") ? EXIT.ok : code;
  } finally {
    interrupts.end();
    await held.release();
  }
}
