import { UsageError } from "../../cluster/user-error.ts";
import type { Outcome, OutcomeSource, SourceDefinition } from "../source.ts";
import { CsvFile, numberOf } from "./csv-file.ts";

/** A file of outcomes that another program writes. Its columns are those of `CsvFile`. */
export const csv: SourceDefinition = {
  name: "csv",
  summary: "a CSV file with at least time,revision,ok,ms",
  locations: ["machine", "cluster"],
  flags: [
    { name: "csv", value: "file", summary: "a CSV file with outcomes, which is followed as it grows" },
    {
      name: "csv-replay",
      value: "speed",
      summary:
        "with --csv: replays a recorded file from its start as if it were written now; 10 is ten times as fast",
    },
  ],
  inCluster: () => false,
  async open(_context, { csv: path, "csv-replay": speed }) {
    if (path === undefined) throw new UsageError("Which file? --csv FILE");
    // A missing file, or one with other columns, is an error at once.
    await using file = await CsvFile.open(path);
    await file.read();
    const { tellsRoutes } = file;
    return { ...csvSource(path, speed === undefined ? undefined : parseSpeed(speed)), tellsRoutes };
  },
};

const LOOK_AGAIN_MS = 200;
// The longest stretch of a replay that is reported as one batch.
const REPLAY_BATCH_MS = 100;

/** @param speed replays the file at this many times its speed; undefined to follow appended lines */
export function csvSource(path: string, speed?: number): OutcomeSource {
  return {
    name: "csv",
    place: path,
    lagMs: LOOK_AGAIN_MS,
    outcomes: (signal) => (speed === undefined ? followed(path, signal) : replayed(path, speed, signal)),
  };
}

/** The outcomes that are appended from now on. */
async function* followed(path: string, signal: AbortSignal): AsyncGenerator<Outcome[]> {
  await using file = await CsvFile.open(path);
  while ((await file.read()) !== undefined);
  while (!signal.aborted) {
    const outcomes = await file.read();
    if (outcomes === undefined) await Bun.sleep(LOOK_AGAIN_MS);
    else if (outcomes.length > 0) yield outcomes;
  }
}

/** The outcomes of the whole file, each at its distance from the first. */
async function* replayed(path: string, speed: number, signal: AbortSignal): AsyncGenerator<Outcome[]> {
  await using file = await CsvFile.open(path);
  const beginsMs = Date.now();
  let firstMs: number | undefined;
  let batch: Outcome[] = [];
  for (;;) {
    const outcomes = (await file.read()) ?? file.readLast();
    for (const outcome of outcomes ?? []) {
      firstMs ??= outcome.atMs;
      const atMs = beginsMs + (outcome.atMs - firstMs) / speed;
      if (atMs - (batch[0]?.atMs ?? atMs) > REPLAY_BATCH_MS) {
        await until(batch, signal);
        if (signal.aborted) return;
        yield batch;
        batch = [];
      }
      batch.push({ ...outcome, atMs });
    }
    if (outcomes !== undefined) continue;
    await until(batch, signal);
    if (batch.length > 0 && !signal.aborted) yield batch;
    return;
  }
}

/** Waits until the last of some outcomes is due. */
async function until(outcomes: readonly Outcome[], signal: AbortSignal): Promise<void> {
  const dueMs = outcomes.at(-1)?.atMs ?? 0;
  while (Date.now() < dueMs && !signal.aborted) await Bun.sleep(Math.min(LOOK_AGAIN_MS, dueMs - Date.now()));
}

function parseSpeed(text: string): number {
  const speed = numberOf(text);
  if (speed !== undefined && speed > 0) return speed;
  throw new UsageError(`--csv-replay ${text}: a number above 0 is expected, such as 1 or 10`);
}
