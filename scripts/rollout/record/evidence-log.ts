import { appendFile, mkdir, readFile, rename, truncate } from "node:fs/promises";
import { join } from "node:path";
import type { Judging, Observation, Ruling } from "../run/judging.ts";
import type { Tally } from "../tally.ts";
import type { EvidenceLine, Versions } from "./evidence-line.ts";
import { asOutcomeLine } from "./outcome-line.ts";

/** The largest part of the evidence of one rollout, in bytes: at most two such parts are kept, the older one is dropped. */
const MOST_BYTES = 32 * 1024 * 1024;
/** Outcomes that cannot be written, on a full disk, are kept in memory up to this many. */
const MOST_WAITING = 500_000;
const MOST_IN_A_LINE = 2_000;

/** What the judge held when a transition was made. */
export interface Decision {
  entry: number;
  /** The share in percent that the candidate would get next. */
  next: number;
  coveredMs: number;
  ruling: Ruling;
  tally: Tally;
}

/**
 * Keeps what the judge of a rollout observed and held, in the order in which it happened, so that each verdict can be
 * computed again. Lines are gathered in memory, and written by `flush`.
 */
export class EvidenceLog {
  readonly #folder: string;
  readonly #versions: Versions;
  readonly #limit: number;
  #waiting: Observation[][] = [];
  #waitingCount = 0;
  #lines: EvidenceLine[] = [];
  #isGap = false;
  #size: number | undefined;
  #flushing: Promise<void> = Promise.resolve();

  /** @param folder of this rollout alone */
  constructor(folder: string, versions: Versions, limit: number = MOST_BYTES) {
    this.#folder = folder;
    this.#versions = versions;
    this.#limit = limit;
  }

  /** A process begins to judge. @param from the mark whose state its judge was restored from */
  begin(from: number | null, atMs: number): void {
    this.#lines.push({ begin: { from, atMs, versions: this.#versions } });
  }

  /** The judge, with everything that it observes recorded. */
  recorded(judge: Judging): Judging {
    return {
      restored: judge.restored,
      observe: (observations) => {
        this.#observe(observations);
        judge.observe(observations);
      },
      ruling: (next) => judge.ruling(next),
      snapshot: () => judge.snapshot(),
    };
  }

  decide({ entry, next, coveredMs, ruling, tally }: Decision): void {
    this.#gather();
    const { verdict, because, evidence } = ruling;
    const counts = ({ requests, errors }: Tally["candidate"]) => ({ requests, errors });
    const requests = { candidate: counts(tally.candidate), baseline: counts(tally.baseline) };
    this.#lines.push({ decision: { entry, next, coveredMs, verdict, because, evidence, requests } });
  }

  /** The judge's state is saved now. @param snapshot of the judge, in case the lines before are dropped */
  mark(atMs: number, snapshot: unknown): void {
    this.#gather();
    // Only a snapshot closes a gap.
    this.#lines.push(this.#isGap ? { mark: atMs, snapshot } : { mark: atMs });
    this.#isGap = false;
  }

  /**
   * Writes what was gathered. What cannot be written stays for the next time.
   * @param mark the state that a new file begins with, where the present one has reached its limit
   * @throws the file system's error
   */
  async flush(mark?: { atMs: number; snapshot: unknown }): Promise<void> {
    this.#gather();
    this.#flushing = this.#flushing.catch(() => {}).then(() => this.#write(mark));
    return this.#flushing;
  }

  async #write(mark: { atMs: number; snapshot: unknown } | undefined): Promise<void> {
    const path = join(this.#folder, NEWEST);
    const lines = this.#lines;
    this.#lines = [];
    try {
      await mkdir(this.#folder, { recursive: true });
      this.#size ??= await withoutBrokenLine(path);
      const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
      await appendFile(path, text);
      this.#size += Buffer.byteLength(text);
    } catch (error) {
      this.#lines = [...lines, ...this.#lines];
      // A full disk may have taken a part of it.
      if (this.#size !== undefined) await truncate(path, this.#size).catch(() => {});
      throw error;
    }
    if (mark === undefined || this.#size < this.#limit) return;
    await rename(path, join(this.#folder, OLDER));
    this.#size = 0;
    this.#lines.unshift({ mark: mark.atMs, snapshot: mark.snapshot });
    await this.#write(undefined);
  }

  #observe(batch: readonly Observation[]): void {
    this.#waiting.push([...batch]);
    this.#waitingCount += batch.length;
    if (this.#waitingCount >= MOST_IN_A_LINE) this.#gather();
  }

  #gather(): void {
    if (this.#waiting.length === 0) return;
    this.#lines.push(asOutcomeLine(this.#waiting));
    this.#waiting = [];
    this.#waitingCount = 0;
    if (this.#lines.length <= MOST_WAITING / MOST_IN_A_LINE) return;
    const kept = this.#lines.filter((line) => !("batches" in line) && !("mark" in line));
    this.#lines = [{ gap: this.#lines.length - kept.length }, ...kept];
    this.#isGap = true;
  }
}

const NEWEST = "evidence.ndjson";
const OLDER = "evidence.older.ndjson";

/** The lines of a rollout's evidence as text, the oldest first; none where nothing was kept. */
export async function evidenceLines(folder: string): Promise<string[]> {
  const texts = await Promise.all([OLDER, NEWEST].map((name) => textOf(join(folder, name))));
  // A line that a crash left incomplete was never acknowledged.
  return texts.flatMap((text) =>
    text
      .slice(0, text.lastIndexOf("\n") + 1)
      .split("\n")
      .slice(0, -1),
  );
}

async function textOf(path: string): Promise<string> {
  return readFile(path, "utf8").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  });
}

/** Takes away a last line that a crash left incomplete. @returns the size of the file, in bytes; 0 where there is none */
async function withoutBrokenLine(path: string): Promise<number> {
  const text = await textOf(path);
  const size = Buffer.byteLength(text.slice(0, text.lastIndexOf("\n") + 1));
  if (text !== "") await truncate(path, size);
  return size;
}
