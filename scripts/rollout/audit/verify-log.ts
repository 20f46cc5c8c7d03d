import type { KeyObject } from "node:crypto";
import { Check } from "typebox/schema";
import { AuditLine, BEGINNING, hashOf } from "./audit-line.ts";
import { isSignedBy, type SignedHead } from "./signed-head.ts";

/**
 * Whether a log is intact. `heads` are the hashes of all lines in order; `head` is the hash of its last line: stored
 * elsewhere, it also shows that lines are missing at the end.
 */
export type Checked =
  | { whole: true; lines: number; head: string; heads: string[]; rollouts: number }
  | { whole: false; line: number; what: string };

/** Checks that each line of an audit log is valid and contains the hash of the previous line. */
export function verifyLog(text: string): Checked {
  if (text !== "" && !text.endsWith("\n"))
    return { whole: false, line: text.split("\n").length, what: "it is broken off" };
  const lines = text.split("\n").slice(0, -1);
  const rollouts = new Set<string>();
  let head = BEGINNING;
  const heads: string[] = [];
  for (const [i, line] of lines.entries()) {
    const value = parsed(line);
    if (!Check(AuditLine, value))
      return { whole: false, line: i + 1, what: "it is not a line of an audit log" };
    if (value.prev !== head) {
      const what =
        i === 0
          ? `it is not the first: it follows a line with the hash ${value.prev}`
          : `it follows a line with the hash ${value.prev}, but line ${i} has the hash ${head}: line ${i} was changed, or lines between were removed or inserted`;
      return { whole: false, line: i + 1, what };
    }
    rollouts.add(value.rollout);
    head = hashOf(line);
    heads.push(head);
  }
  return { whole: true, lines: lines.length, head, heads, rollouts: rollouts.size };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Returns how signed heads contradict a log; undefined if they match all of its lines. */
export function checkAgainstHeads(
  log: Extract<Checked, { whole: true }>,
  signed: readonly SignedHead[],
  key: KeyObject,
): string | undefined {
  const forged = signed.findIndex((each) => !isSignedBy(each, key));
  if (forged >= 0) return `signed head ${forged + 1} does not carry the signature of this key`;
  const first = signed[0];
  if (first === undefined) return undefined;
  const longest = signed.reduce((most, each) => (each.lines > most.lines ? each : most), first);
  if (longest.lines > log.lines)
    return `it has ${log.lines} lines, and ${longest.lines} were signed, the last at ${longest.at}: the end was cut off`;
  const known = new Set<number>();
  for (const { lines, head, at } of signed) {
    known.add(lines);
    if (log.heads[lines - 1] !== head)
      return `line ${lines} is not the one that was signed at ${at}: the log was replaced or chained again`;
  }
  const unsigned = log.heads.findIndex((_, i) => i + 1 > first.lines && !known.has(i + 1));
  return unsigned < 0 ? undefined : `line ${unsigned + 1} was never signed: this tool did not add it`;
}
