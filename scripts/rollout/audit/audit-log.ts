import type { Entry } from "../journal/journal.ts";
import { goalOf } from "../machine/transitions.ts";
import type { Plan } from "../plan/plan.ts";
import type { Ruling } from "../rollout-judge/rollout-judge.ts";
import type { Tally } from "../tally.ts";
import { type AuditLine, BEGINNING, hashOf } from "./audit-line.ts";

/** Stores an audit log. Lines are added, never changed. */
export interface AuditStore {
  /** All lines so far, without their ends. */
  lines(): Promise<string[]>;
  /** Resolves when the line is durable. */
  add(line: string): Promise<void>;
  /** Why the last lines have no signature; absent or undefined if they have one, or need none. */
  problem?(): string | undefined;
}

/** The evidence of a decision; undefined if it is recorded after the deciding process has ended. */
export interface Grounds {
  ruling: Ruling;
  tally: Tally;
}

/**
 * The log of every decision. Each line contains the hash of the previous one: a changed, removed or inserted line is
 * detected unless all later lines are rewritten.
 */
export class AuditLog {
  readonly #store: AuditStore;
  #prev: string;
  /** The number of logged entries of each rollout. */
  readonly #told: Map<string, number>;

  private constructor(store: AuditStore, prev: string, told: Map<string, number>) {
    this.#store = store;
    this.#prev = prev;
    this.#told = told;
  }

  static async open(store: AuditStore): Promise<AuditLog> {
    const lines = await store.lines();
    const last = lines.at(-1);
    const told = new Map<string, number>();
    for (const line of lines) {
      const rollout = /"rollout":"([^"]*)"/.exec(line)?.[1];
      if (rollout !== undefined) told.set(rollout, (told.get(rollout) ?? 0) + 1);
    }
    return new AuditLog(store, last === undefined ? BEGINNING : hashOf(last), told);
  }

  /** Appends the journal's entries that the log lacks because a process ended before it recorded them. */
  async catchUp(plan: Plan, entries: readonly Entry[]): Promise<void> {
    for (const [i, entry] of entries.entries()) {
      if (entry.seq < (this.#told.get(plan.id) ?? 0)) continue;
      await this.#add(plan, entries[i - 1], entry, undefined);
    }
  }

  /** Appends a decision. @param before the previous entry */
  async tell(
    plan: Plan,
    before: Entry | undefined,
    entry: Entry,
    grounds: Grounds | undefined,
  ): Promise<void> {
    await this.#add(plan, before, entry, grounds);
  }

  async #add(
    plan: Plan,
    before: Entry | undefined,
    entry: Entry,
    grounds: Grounds | undefined,
  ): Promise<void> {
    const { event, state } = entry;
    const goal = goalOf(plan, state);
    const line: AuditLine = {
      prev: this.#prev,
      at: new Date(event?.atMs ?? plan.atMs).toISOString(),
      rollout: plan.id,
      service: plan.service,
      engine: plan.engine,
      place: plan.place,
      candidate: plan.candidate,
      baseline: plan.baseline,
      entry: entry.seq,
      from: before?.state.phase ?? null,
      to: state.phase,
      by: whoCaused(plan, entry),
      because: state.reason,
      split: state.written.targets,
      goal: goal === undefined ? null : [...goal],
      evidence: grounds?.ruling.evidence ?? null,
      requests: grounds === undefined ? null : countsOf(grounds.tally),
    };
    const text = JSON.stringify(line);
    await this.#store.add(text);
    this.#prev = hashOf(text);
    this.#told.set(plan.id, (this.#told.get(plan.id) ?? 0) + 1);
  }
}

function whoCaused(plan: Plan, { event }: Entry): string {
  if (event === null) return plan.by;
  if (event.type === "asked") return event.by;
  if (event.type === "seen") return event.live.by ?? "someone else";
  return `the rollout of ${plan.by}`;
}

function countsOf({ candidate, baseline }: Tally): AuditLine["requests"] {
  const counts = ({ requests, errors }: { requests: number; errors: number }) => ({ requests, errors });
  return { candidate: counts(candidate), baseline: counts(baseline) };
}
