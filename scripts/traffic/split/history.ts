import Type from "typebox";
import { Check } from "typebox/schema";
import type { SplitChange, SplitState, SplitTarget } from "./split.ts";

// Enough for a rollout of many steps, and small enough for an object of a cluster.
const MOST_CHANGES = 50;

const StoredTarget = Type.Object({
  revision: Type.String(),
  tag: Type.Optional(Type.String()),
  percent: Type.Number(),
  latest: Type.Boolean(),
  preview: Type.Optional(Type.Object({ header: Type.String(), value: Type.String() })),
});

const StoredChanges = Type.Array(
  Type.Object({
    atMs: Type.Number(),
    by: Type.String(),
    before: Type.Array(StoredTarget),
    after: Type.Array(StoredTarget),
    undo: Type.Boolean(),
    forms: Type.Optional(
      Type.Object({ before: Type.Optional(Type.String()), after: Type.Optional(Type.String()) }),
    ),
  }),
);

/** Returns a history with one more change, without the oldest beyond the limit. */
export function withChange(history: readonly SplitChange[], change: SplitChange): SplitChange[] {
  return [...history, change].slice(-MOST_CHANGES);
}

/** Returns a change from one state of a split to another. */
export function changeBetween(
  before: SplitState,
  after: SplitState,
  about: Pick<SplitChange, "atMs" | "by" | "undo">,
): SplitChange {
  const forms =
    before.header === after.header ? {} : { forms: { before: before.header, after: after.header } };
  return { ...about, before: before.targets, after: after.targets, ...forms };
}

/** Returns the next change to undo: the last one that is neither undone nor an undo. */
export function lastToUndo(history: readonly SplitChange[]): SplitChange | undefined {
  const open: SplitChange[] = [];
  for (const change of history) {
    if (change.undo) open.pop();
    else open.push(change);
  }
  return open.at(-1);
}

/** Serializes a history. */
export function writeHistory(history: readonly SplitChange[]): string {
  return `${JSON.stringify(history, undefined, 2)}\n`;
}

/** Parses a history; empty for an invalid text. */
export function readHistory(text: string | undefined): SplitChange[] {
  if (text === undefined) return [];
  let stored: unknown;
  try {
    stored = JSON.parse(text);
  } catch {
    return [];
  }
  if (!Check(StoredChanges, stored)) return [];
  return stored.map((change) => ({
    ...change,
    before: targets(change.before),
    after: targets(change.after),
  }));
}

function targets(stored: readonly (Omit<SplitTarget, "tag"> & { tag?: string })[]): SplitTarget[] {
  return stored.map(({ tag, ...target }) => ({ ...target, tag }));
}
