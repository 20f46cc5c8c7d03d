import type { Change, Mutant } from "./mutants.ts";

/** Why a field cannot matter to what becomes of a request. */
export interface Reason {
  /** Kind and field, without the indices of lists; `*` stands for one key, `**` for any number at the end. */
  field: string;
  /** The changes that it holds for; all of them by default. */
  changes?: readonly Change[];
  /** Whether it holds for a change, where that depends on what stands beside the field. */
  holds?(mutant: Mutant, before: readonly unknown[]): boolean;
  why: string;
}

/** The fields of which a change may be called equal. `test/corpus/run.ts` fails for every other. */
export const REASONS: readonly Reason[] = [];

/** The reason why a change cannot matter. */
export function reasonFor(field: string, mutant: Mutant, before: readonly unknown[]): Reason | undefined {
  return REASONS.find(
    ({ field: pattern, changes, holds }) =>
      isMeant(pattern, field) &&
      changes?.includes(mutant.change) !== false &&
      holds?.(mutant, before) !== false,
  );
}

function isMeant(pattern: string, field: string): boolean {
  const [wanted, given] = [pattern.split("."), field.split(".")];
  const isOpen = wanted.at(-1) === "**";
  if (isOpen) wanted.pop();
  if (isOpen ? given.length < wanted.length : given.length !== wanted.length) return false;
  return wanted.every((key, i) => key === "*" || key === given[i]);
}
