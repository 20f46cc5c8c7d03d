import Type, { type Static, type TSchema } from "typebox";
import { Check } from "typebox/schema";
import { Plan } from "../plan/plan.ts";
import { Command, Event, State } from "../machine/state.ts";
import { messageOf } from "../../text/message-of.ts";

/** One transition: the event, and the state that it led to. The first has no event. */
export const Entry = Type.Object({
  /** 0, 1, 2 … */
  seq: Type.Integer(),
  event: Type.Union([Event, Type.Null()]),
  state: State,
});
export type Entry = Static<typeof Entry>;

/** A command to a rollout from another process. */
export const Request = Type.Object({
  command: Command,
  by: Type.String(),
  why: Type.String(),
  overwrite: Type.Boolean(),
  atMs: Type.Number(),
});
export type Request = Static<typeof Request>;

/** A recorded rollout. */
export interface Saved {
  plan: Plan;
  /** At least one. */
  entries: Entry[];
  /** The judge's snapshot and the report's curves, at most a few seconds old; undefined if none was written. */
  checkpoint: unknown;
}

/**
 * The record of the rollout of one service, so that another process can continue it. Appended entries survive a crash
 * at any moment.
 */
export interface Journal {
  /** The path or object name, for messages. */
  readonly place: string;
  /** The last rollout of the service. @throws CorruptJournal */
  load(): Promise<Saved | undefined>;
  /** Begins a rollout, and archives the previous one, which is over. */
  begin(plan: Plan, first: Entry): Promise<void>;
  /** Resolves when the entry is durable. */
  append(entry: Entry): Promise<void>;
  /** Replaces the checkpoint; the last one may be lost in a crash. */
  checkpoint(value: unknown): Promise<void>;
  /** The requests since the rollout began, in order. */
  requests(): Promise<Request[]>;
  ask(request: Request): Promise<void>;
}

/** A journal that cannot be read. */
export class CorruptJournal extends Error {
  override readonly name = "CorruptJournal";
}

/** The recorded state of a rollout. */
export function lastOf({ entries }: Saved): State {
  const entry = entries.at(-1);
  if (entry === undefined) throw new Error("a journal has at least one entry");
  return entry.state;
}

/** Parses a document of a journal by its schema. @throws CorruptJournal */
export function parseAs<S extends TSchema>(schema: S, text: string, where: string): Static<S> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new CorruptJournal(`${where}: ${messageOf(error)}`);
  }
  if (Check(schema, value)) return value;
  throw new CorruptJournal(
    `${where} was not written by this version of kyc, or was edited. If no rollout is running, remove it.`,
  );
}

/**
 * Parses the lines of a journal file or field: a plan, then entries. A line that a crash left incomplete is ignored.
 */
export function parseJournal(text: string, where: string): Omit<Saved, "checkpoint"> | undefined {
  const lines = text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .slice(0, -1);
  const [first, ...rest] = lines;
  if (first === undefined || rest.length === 0) return undefined;
  const plan = parseAs(Plan, first, `${where}, line 1`);
  const entries = rest.map((line, i) => parseAs(Entry, line, `${where}, line ${i + 2}`));
  const wrong = entries.findIndex(({ seq }, i) => seq !== i);
  if (wrong >= 0) throw new CorruptJournal(`${where}, line ${wrong + 2}: entry ${wrong} is missing`);
  return { plan, entries };
}

/** Parses the requests of a file or field, one per line. */
export function parseRequests(text: string, where: string): Request[] {
  const lines = text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .slice(0, -1);
  return lines.map((line, i) => parseAs(Request, line, `${where}, line ${i + 1}`));
}
