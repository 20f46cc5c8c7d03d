import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { EXIT } from "../../../exit.ts";
import { count, time } from "../../../format.ts";
import { FileLock } from "../../../rollout/lock/file-lock.ts";
import { CorruptJournal, lastOf, parseJournal, type Saved } from "../../../rollout/journal/journal.ts";
import { isOver } from "../../../rollout/machine/state.ts";
import { doing } from "../../../rollout/run/view.ts";
import { type OutputFormat, printData } from "../../../text/data.ts";
import { print, printMessage } from "../../../text/print.ts";

export interface ListFlags {
  dir: string;
  output?: OutputFormat;
}

/** A rollout in the list. Times are milliseconds since the epoch. */
interface Listed {
  id: string;
  service: string;
  candidate: string;
  baseline: string;
  by: string;
  beganMs: number;
  endedMs: number;
  phase: string;
  doing: string;
  reason: string;
  /** Whether a process runs it now. */
  alive: boolean;
}

/** Lists the rollouts recorded on this machine, the latest first; the exit code. */
export async function listRollouts({ dir, output }: ListFlags): Promise<number> {
  const folder = join(dir, ".kyc", "rollouts");
  const services = await namesIn(folder);
  const all = (await Promise.all(services.map((service) => rolloutsOf(folder, service)))).flat();
  all.sort((a, b) => b.beganMs - a.beganMs);
  if (output !== undefined) await printData(all, output);
  else if (all.length === 0) print(`There is no rollout in ${folder}.`);
  else for (const line of drawn(all)) print(line);
  return EXIT.ok;
}

async function rolloutsOf(folder: string, service: string): Promise<Listed[]> {
  const own = join(folder, service);
  const before = (await namesIn(join(own, "before"))).filter((name) => name.endsWith(".ndjson"));
  const files = [join(own, "journal.ndjson"), ...before.map((name) => join(own, "before", name))];
  const holder = await new FileLock(join(own, "lock"), service).holder().catch(() => undefined);
  const found = await Promise.all(files.map(savedIn));
  return found.flatMap((saved, i) =>
    saved === undefined ? [] : [listed(saved, i === 0 && holder !== undefined)],
  );
}

function listed(saved: Saved, alive: boolean): Listed {
  const { plan, entries } = saved;
  const state = lastOf(saved);
  const stopped = alive || isOver(state) ? "" : "no process runs it; it stopped ";
  return {
    id: plan.id,
    service: plan.service,
    candidate: plan.candidate,
    baseline: plan.baseline,
    by: plan.by,
    beganMs: plan.atMs,
    endedMs: entries.at(-1)?.event?.atMs ?? plan.atMs,
    phase: state.phase,
    doing: `${stopped}${doing(plan, state)}`,
    reason: state.reason,
    alive,
  };
}

function drawn(all: readonly Listed[]): string[] {
  const rows = all.map((each) => [
    new Date(each.beganMs).toISOString().slice(0, 16).replace("T", " "),
    each.service,
    `${each.baseline} → ${each.candidate}`,
    time(Math.max(1_000, each.endedMs - each.beganMs)),
    each.doing,
    each.id,
  ]);
  const head = ["began (UTC)", "service", "from → to", "took", "state", "id"];
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const lines = [head, ...rows].map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return [...lines, `${count(all.length)} rollout${all.length === 1 ? "" : "s"}`];
}

async function savedIn(file: string): Promise<Saved | undefined> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  try {
    const parsed = text === undefined ? undefined : parseJournal(text, file);
    return parsed && { ...parsed, checkpoint: undefined };
  } catch (error) {
    if (!(error instanceof CorruptJournal)) throw error;
    printMessage(`warning: ${error.message}`);
    return undefined;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
