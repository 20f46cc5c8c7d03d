import { EXIT, Failure } from "../../exit.ts";
import { type Held, LockTaken } from "../../rollout/lock/lock.ts";
import type { Verdict } from "../../shadow/assess.ts";
import type { Criterion } from "../../shadow/criteria.ts";
import { type ReportFiles, type ShadowReport, writeReport } from "../../shadow/report/report.ts";
import { type Look, runShadow } from "../../shadow/run-shadow.ts";
import { originOf, type Versions, versionsOf } from "../../shadow/versions.ts";
import { drawMismatches, drawShadow, drawShadowLine } from "../../terminal/draw-shadow.ts";
import { isLive, LiveTree } from "../../terminal/live-tree.ts";
import { styleFor } from "../../terminal/style.ts";
import { printData } from "../../text/data.ts";
import { print, printMessage } from "../../text/print.ts";
import { NothingRuns } from "../../traffic/split/split.ts";
import { untilInterrupted } from "../cluster/on-cluster.ts";
import { type ShadowContext, shadowContext } from "./context.ts";
import type { ShadowFlags } from "./flags.ts";

/** How a comparison ends, as an exit code. */
export const VERDICT_EXITS: Readonly<Record<Verdict, number>> = {
  accepted: EXIT.ok,
  rejected: EXIT.failed,
  undecided: 3,
};

/** Compares a candidate with the control, shows its progress, and writes the report; the exit code. */
export async function compareInShadow(service: string, flags: ShadowFlags): Promise<number> {
  if (flags.to === undefined)
    throw new Failure("Name the version to compare, for example: --to v2", EXIT.usage);
  const signal = untilInterrupted();
  const context = await shadowContext(service, flags);
  const targets = (await context.engine.read()).targets;
  const versions = versionsOf(service, targets, { to: flags.to, from: flags.from });
  const held = await lockOf(context, service);
  try {
    await takeBackLeftover(context);
    const compared = await compare(context, { service, versions, signal, ...flags, criteria: flags.accept });
    if (compared === undefined) return signal.aborted ? EXIT.interrupted : VERDICT_EXITS.undecided;
    await tell(compared.report, compared.files, flags);
    return signal.aborted ? EXIT.interrupted : VERDICT_EXITS[compared.report.verdict];
  } finally {
    await held.release();
  }
}

/** Removes the leftovers of a killed comparison. */
export async function stopShadow(service: string, flags: ShadowFlags): Promise<number> {
  const context = await shadowContext(service, flags);
  const held = await lockOf(context, service);
  try {
    const isThere = await context.mirror.isThere();
    await context.mirror.stop();
    print(isThere ? `The mirror of ${service} is removed.` : `Nothing mirrors the requests of ${service}.`);
    return EXIT.ok;
  } finally {
    await held.release();
  }
}

/** The subject of a comparison. */
export interface ComparisonOptions {
  service: string;
  versions: Versions;
  criteria: readonly Criterion[];
  percent: number;
  repeat: number;
  /** Milliseconds. */
  for: number;
  toTheEnd: boolean;
  signal: AbortSignal;
}

/**
 * Runs one comparison and writes its report.
 * @returns undefined if nothing was compared
 */
export async function compare(
  context: ShadowContext,
  options: ComparisonOptions,
): Promise<{ report: ShadowReport; files: ReportFiles } | undefined> {
  const { mirror, engine, namespace, reports, who } = context;
  const { service, versions, percent, repeat, criteria, signal } = options;
  const { control, candidate } = versions;
  const id = crypto.randomUUID().slice(0, 6);
  printMessage(
    `mirroring ${percent} % of the requests of ${service}: ${candidate.revision} is compared with ${control.revision}`,
  );
  const screen = new ShadowScreen();
  const ended = await runShadow({
    mirror,
    run: {
      id,
      percent,
      env: {
        SHADOW_CONTROL: originOf(control, service, namespace),
        SHADOW_CANDIDATE: originOf(candidate, service, namespace),
        SHADOW_REPEAT_PERCENT: String(Math.round(repeat)),
      },
    },
    criteria,
    forMs: options.for,
    toTheEnd: options.toTheEnd,
    signal,
    onLook: (look) => screen.onLook(look),
    onTrouble: (what) => screen.onTrouble(what),
  })
    .catch((error: unknown) => {
      throw error instanceof NothingRuns ? new Failure(error.message) : error;
    })
    .finally(() => screen.end());
  printMessage(`the mirror in ${mirror.place} is removed`);
  if (ended.last === undefined) {
    printMessage(
      "Nothing was compared: there was no mirrored request, or the shadow service did not respond.",
    );
    return undefined;
  }
  const { counts, assessment } = ended.last;
  const report: ShadowReport = {
    id: `shadow-${service}-${id}`,
    service,
    control,
    candidate,
    engine: engine.name,
    place: mirror.place,
    by: who,
    percent,
    beganMs: ended.beganMs,
    endedMs: ended.endedMs,
    isInterrupted: ended.isInterrupted,
    ...assessment,
    counts,
  };
  return { report, files: await writeReport(reports, report) };
}

/** @throws Failure when another process compares the service */
export async function lockOf({ lock, who }: ShadowContext, service: string): Promise<Held> {
  return lock.acquire(who).catch((error: unknown) => {
    if (!(error instanceof LockTaken)) throw error;
    throw new Failure(
      `${service} is already being compared by ${error.holder?.who ?? "another process"}. Only one comparison can run at a time.`,
      EXIT.usage,
    );
  });
}

/** The holder of the lock has not started yet, so an existing mirror was left by a process that was killed. */
export async function takeBackLeftover({ mirror }: ShadowContext): Promise<void> {
  if (!(await mirror.isThere())) return;
  printMessage("removing the mirror of a comparison that was killed");
  await mirror.stop();
}

async function tell(report: ShadowReport, files: ReportFiles, { output }: ShadowFlags): Promise<void> {
  if (output !== undefined) return await printData({ ...report, report: files }, output);
  const style = styleFor(process.stdout);
  const mismatches = drawMismatches(report.counts);
  const lines = [
    ...drawShadow(report.counts, report, style),
    ...(mismatches.length === 0 ? [] : ["", "Last mismatches, as keyed hashes:", ...mismatches]),
    "",
    `report: ${files.html}`,
  ];
  print(lines.join("\n"));
}

const LINE_EVERY_MS = 10_000;

/** Draws the changing table on a terminal; elsewhere a line for each change of the verdict, and every ten seconds. */
class ShadowScreen {
  readonly #live = isLive(process.stderr);
  readonly #style = styleFor(process.stderr);
  readonly #tree = new LiveTree({ stream: process.stderr });
  #verdict = "";
  #saidAt = Number.NEGATIVE_INFINITY;
  #trouble = "";

  onLook({ atMs, counts, assessment }: Look): void {
    this.#trouble = "";
    if (this.#live) return this.#tree.update(drawShadow(counts, assessment, this.#style));
    const isNew = assessment.verdict !== this.#verdict;
    if (!isNew && atMs - this.#saidAt < LINE_EVERY_MS) return;
    this.#verdict = assessment.verdict;
    this.#saidAt = atMs;
    this.#tree.say(drawShadowLine(counts, assessment, this.#style));
  }

  /** The same problem is reported once. */
  onTrouble(what: string): void {
    if (what === this.#trouble) return;
    this.#trouble = what;
    this.#tree.say(this.#style.warn(what));
  }

  /** The picture is cleared, because the full result is printed afterwards. */
  end(): void {
    this.#tree.update([]);
    this.#tree.end();
  }
}
