import { mixedSeed, seededRandom } from "../../traffic/random.ts";
import type { Outcome } from "../source.ts";

/** How long an outcome without a revision waits until that revision's pods report the request as failed. */
export const WAIT_MS = 3_000;
/** How long failures that pods report wait for the callers' report; a slow pod makes a look take up to six seconds. */
const KEEP_MS = 10_000;

interface Counted {
  count: number;
  untilMs: number;
}

/**
 * Finds the revisions of requests that ended without an answer that names one: the caller gave up, or the connection
 * broke. The queue-proxy of a revision's pod sees the request end, and counts it as failed. Callers count such an
 * outcome once, and so does one queue-proxy; so the failures that queue-proxies count beyond those whose revision
 * callers know belong to the outcomes without a known revision. If there are more counts than outcomes, each count is
 * equally likely to be used. An outcome without a match within `WAIT_MS` has no revision: the gateway caused it, or
 * the queue-proxies cannot be read.
 */
export class Attribution {
  /** By revision: failures that its pods counted and no caller has reported yet, and the reverse. */
  readonly #ofPods = new Map<string, Counted[]>();
  readonly #ofCallers = new Map<string, Counted[]>();
  readonly #waiting: { outcome: Outcome; untilMs: number }[] = [];
  #readUntilMs = Number.NEGATIVE_INFINITY;

  /** Adds the counts of the queue-proxies since they were last read. */
  pods(outcomes: readonly Outcome[], nowMs: number): void {
    this.#readUntilMs = nowMs + WAIT_MS;
    for (const { ok, revision, count } of outcomes)
      if (!ok && revision !== undefined) balance(this.#ofPods, this.#ofCallers, revision, count, nowMs);
  }

  /** The outcomes that callers report, with the revisions that are found, and without those that wait. */
  callers(outcomes: readonly Outcome[], nowMs: number): Outcome[] {
    const known: Outcome[] = [];
    for (const outcome of outcomes) {
      const { ok, revision, count } = outcome;
      if (!ok && revision === undefined) this.#waiting.push({ outcome, untilMs: nowMs + WAIT_MS });
      else known.push(outcome);
      if (revision !== undefined && wasAnsweredWithFailure(outcome))
        balance(this.#ofCallers, this.#ofPods, revision, count, nowMs);
    }
    return [...known, ...this.#attributed(nowMs)];
  }

  #attributed(nowMs: number): Outcome[] {
    for (const counts of this.#ofPods.values()) expire(counts, nowMs);
    const random = seededRandom(mixedSeed(Math.trunc(nowMs)));
    const areRead = nowMs <= this.#readUntilMs;
    const held = this.#waiting.splice(0);
    return held.flatMap(({ outcome, untilMs }) => {
      const found = new Map<string, number>();
      let left = outcome.count;
      for (; left > 0; left--) {
        const revision = this.#take(random());
        if (revision === undefined) break;
        found.set(revision, (found.get(revision) ?? 0) + 1);
      }
      const of = [...found].map(([revision, count]): Outcome => ({ ...outcome, revision, count }));
      if (left === 0) return of;
      const rest = { ...outcome, count: left };
      if (!areRead || nowMs >= untilMs) return [...of, rest];
      this.#waiting.push({ outcome: rest, untilMs });
      return of;
    });
  }

  /** Takes one of the failures that pods counted. @param at which one, as a part of all */
  #take(at: number): string | undefined {
    const totals = [...this.#ofPods].map(([revision, counts]) => ({ revision, total: totalOf(counts) }));
    let left = at * totals.reduce((sum, { total }) => sum + total, 0);
    for (const { revision, total } of totals) {
      if (left < total) {
        take(this.#ofPods.get(revision) ?? [], 1);
        return revision;
      }
      left -= total;
    }
    return undefined;
  }
}

/** Whether the revision answered with a failure, which its queue-proxy has counted as well. */
function wasAnsweredWithFailure({ ok, failure }: Outcome): boolean {
  return !ok && failure?.what === "server_error";
}

/** Adds counts to one side, less those that the other side has already. */
function balance(
  side: Map<string, Counted[]>,
  other: Map<string, Counted[]>,
  revision: string,
  count: number,
  nowMs: number,
): void {
  const there = other.get(revision) ?? [];
  expire(there, nowMs);
  const rest = count - take(there, count);
  if (rest === 0) return;
  const counts = side.get(revision) ?? [];
  expire(counts, nowMs);
  counts.push({ count: rest, untilMs: nowMs + KEEP_MS });
  side.set(revision, counts);
}

/** Takes up to `count`, the oldest first. @returns how many there were */
function take(counts: Counted[], count: number): number {
  let taken = 0;
  for (let first = counts[0]; first !== undefined && taken < count; first = counts[0]) {
    const part = Math.min(first.count, count - taken);
    first.count -= part;
    taken += part;
    if (first.count === 0) counts.shift();
  }
  return taken;
}

function totalOf(counts: readonly Counted[]): number {
  return counts.reduce((sum, { count }) => sum + count, 0);
}

function expire(counts: Counted[], nowMs: number): void {
  while (counts[0] !== undefined && counts[0].untilMs < nowMs) counts.shift();
}
