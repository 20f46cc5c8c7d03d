import { EXIT, Failure } from "../../exit.ts";
import {
  type PlannedChange,
  planChange,
  Refused,
  refuseUnready,
  UnknownTarget,
} from "../../engines/plan-change.ts";
import { drawChange } from "../../terminal/draw-split.ts";
import { styleFor } from "../../terminal/style.ts";
import { CannotWrite, NothingRuns, SplitChanged } from "../../traffic/split/split.ts";
import type { RecordedEngine } from "../../engines/engine.ts";
import { changedShare, sameSplit } from "../../traffic/split/diff.ts";
import { lastToUndo } from "../../traffic/split/history.ts";
import { authorOf } from "../options/author.ts";
import { splitContext } from "./context.ts";
import { splitFilesOf } from "./write.ts";
import { type WrittenBack, writtenBackLine } from "../../engines/write-back.ts";
import { knFlagsOf, refusalFailure, type SplitFlags } from "./flags.ts";
import { print } from "../../text/print.ts";
import { printData } from "../../text/data.ts";

/** Changes a split, or reverts the last change, and waits until the data plane has it. */
export async function changeSplit(service: string, flags: SplitFlags, signal: AbortSignal): Promise<void> {
  const { where, engine } = await splitContext(service, flags);
  try {
    const change = flags.undo
      ? await planUndo(engine, flags)
      : await planChange(engine, { ...flags, flags: knFlagsOf(flags), form: flags.by });
    // A split that the files cannot express is refused before anything changes.
    const files = flags.write && engine.location === "cluster" ? await splitFilesOf(where) : undefined;
    await files?.check({ targets: change.after, header: change.form.header });
    if (flags.dryRun) return await tell(engine, change, { isDryRun: true }, flags);
    const by = await authorOf(engine.location === "cluster" ? await where.kube() : undefined);
    const isSame =
      sameSplit(change.before.targets, change.after) && change.form.header === change.before.header;
    const done = isSame ? {} : await carryOut(engine, change, { ...flags, by }, signal);
    const written = await files
      ?.write({ targets: change.after, header: change.form.header }, by)
      .catch((error: unknown) => {
        if (!(error instanceof CannotWrite || error instanceof SplitChanged)) throw error;
        throw new Failure(`${engine.place} has the split, but the files do not: ${error.message}`);
      });
    await tell(engine, change, { ...done, written }, flags);
  } catch (error) {
    throw asFailure(error, engine, flags);
  }
}

/** The result of a change. */
interface Done {
  isDryRun?: boolean;
  /** Milliseconds until it was written. */
  writtenMs?: number;
  /** Milliseconds from then until the data plane had it; undefined if nothing runs. */
  inForceMs?: number | undefined;
  /** Why no data plane has it. */
  nothingRuns?: string;
  /** The files that were changed as well. */
  written?: WrittenBack | undefined;
}

async function carryOut(
  engine: RecordedEngine,
  { before, after, form }: PlannedChange,
  { undo, timeout, by }: Omit<SplitFlags, "by"> & { by: string },
  signal: AbortSignal,
): Promise<Done> {
  const startedAt = performance.now();
  await engine.write(after, before.version, by, undo, form);
  const writtenMs = performance.now() - startedAt;
  const late = AbortSignal.timeout(timeout);
  try {
    const { ms } = await engine.inForce(AbortSignal.any([signal, late]));
    return { writtenMs, inForceMs: ms };
  } catch (error) {
    if (error instanceof NothingRuns) return { writtenMs, nothingRuns: error.message };
    if (late.aborted)
      throw new Failure(
        `The split is written to ${engine.place}, but not every gateway has it after ${timeout / 1000} s; ./kyc split ${engine.service} shows the live split.`,
      );
    if (signal.aborted) throw new Failure("Interrupted. The split is written.", EXIT.interrupted);
    throw error;
  }
}

async function planUndo(engine: RecordedEngine, { force }: SplitFlags): Promise<PlannedChange> {
  const [before, changes, revisions, runs] = await Promise.all([
    engine.read(),
    engine.changes(),
    engine.revisions(),
    engine.runs(),
  ]);
  const last = lastToUndo(changes);
  if (last === undefined)
    throw new Refused(`There is no change of ${engine.service} by this tool to revert.`);
  if (!force && !sameSplit(before.targets, changes.at(-1)?.after ?? []))
    throw new Refused(
      `${before.changed?.by ?? "Someone"} changed the split after this tool did, and --undo would revert that change too. ./kyc split ${engine.service} shows it; --force reverts it anyway.`,
    );
  if (runs && !force) refuseUnready(before.targets, last.before, revisions);
  const after = [...last.before];
  const form = { header: last.forms === undefined ? before.header : last.forms.before };
  return { before, after, form, changedShare: changedShare(before.targets, after), remainder: undefined };
}

async function tell(
  engine: RecordedEngine,
  change: PlannedChange,
  done: Done,
  flags: SplitFlags,
): Promise<void> {
  const { before, after, remainder } = change;
  if (flags.output !== undefined) {
    const { name, place } = engine;
    const told = {
      engine: name,
      place,
      before: before.targets,
      after,
      header: { before: before.header, after: change.form.header },
      changedShare: change.changedShare,
      remainder,
    };
    await printData({ ...told, ...done }, flags.output);
    return;
  }
  const lines = drawChange(
    {
      service: engine.service,
      engine: engine.name,
      place: engine.place,
      before: before.targets,
      after,
      header: { before: before.header, after: change.form.header },
      changedShare: change.changedShare,
      remainder,
      ...done,
    },
    styleFor(process.stdout),
  );
  if (done.written !== undefined) lines.push(writtenBackLine(done.written));
  print(lines.join("\n"));
}

function asFailure(error: unknown, { service }: RecordedEngine, flags: SplitFlags): unknown {
  if (error instanceof SplitChanged)
    return new Failure(`${error.message} ./kyc split ${service} shows the current split.`);
  if (error instanceof UnknownTarget) return new Failure(error.message, EXIT.usage);
  if (error instanceof Refused) return refusalFailure(error.message, flags);
  return error instanceof CannotWrite ? new Failure(error.message) : error;
}
