import { pause } from "../cluster/kube/pause.ts";
import { assess, type Assessment } from "./assess.ts";
import { CountsOverTime, readCounts, type ShadowCounts } from "./counts.ts";
import type { Criterion } from "./criteria.ts";
import type { Mirror, MirrorRun } from "./mirror/mirror.ts";

/** The state of a comparison at one time. */
export interface Look {
  readonly atMs: number;
  readonly counts: ShadowCounts;
  readonly assessment: Assessment;
}

/** How a comparison ended. */
export interface Ended {
  /** Undefined if the shadow service never answered. */
  readonly last: Look | undefined;
  readonly beganMs: number;
  readonly endedMs: number;
  readonly isInterrupted: boolean;
}

export interface RunShadowOptions {
  mirror: Mirror;
  run: MirrorRun;
  criteria: readonly Criterion[];
  /** How long it runs at most, in milliseconds. */
  forMs: number;
  /** Whether it continues until then after the verdict. */
  toTheEnd: boolean;
  signal: AbortSignal;
  /** @default 1000 */
  everyMs?: number;
  onLook?: (look: Look) => void;
  /** Called if the shadow service does not answer. */
  onTrouble?: (what: string) => void;
  /** Milliseconds since 1970. @default Date.now */
  now?: () => number;
  /** Waits, until the signal at most. */
  sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

const COUNTS_PATH = "/shadow/counts";
const EVERY_MS = 1000;

/**
 * Mirrors a service's requests until the candidate is accepted or rejected, the time is over, or it is interrupted. The
 * mirror is removed however it ends; only a killed process leaves it.
 * @throws UserError if it cannot be started, or if the mirror cannot be removed
 */
export async function runShadow(options: RunShadowOptions): Promise<Ended> {
  const { mirror, run, criteria, forMs, toTheEnd, signal, everyMs = EVERY_MS } = options;
  const { now = Date.now, sleep = pause, onLook, onTrouble } = options;
  const seen = new CountsOverTime();
  let last: Look | undefined;

  async function look(within: AbortSignal): Promise<void> {
    const counts = readCounts(await mirror.ask(COUNTS_PATH, within));
    if (counts !== undefined) seen.see(counts);
    else if (!within.aborted) onTrouble?.("the shadow service does not answer; callers are not affected");
    if (seen.now === undefined || counts === undefined) return;
    last = { atMs: now(), counts: seen.now, assessment: assess(seen.now, criteria) };
    onLook?.(last);
  }

  const beganMs = now();
  try {
    await mirror.start(run, signal);
    const end = now() + forMs;
    while (now() < end && !signal.aborted) {
      await sleep(Math.min(everyMs, end - now()), signal);
      if (signal.aborted) break;
      await look(signal);
      if (!toTheEnd && last !== undefined && last.assessment.verdict !== "undecided") break;
    }
    // The comparisons since the last query.
    if (signal.aborted) await look(AbortSignal.timeout(everyMs));
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await mirror.stop();
  }
  return { last, beganMs, endedMs: now(), isInterrupted: signal.aborted };
}
