import { Check } from "typebox/schema";
import { AuditLine, BEGINNING, hashOf } from "./audit-line.ts";

/** Whether a log is whole. `head` is the hash of its last line: kept elsewhere, it also tells when lines are missing at the end. */
export type Checked =
  | { whole: true; lines: number; head: string; rollouts: number }
  | { whole: false; line: number; what: string };

/** Checks an audit log, as text: that each line is one, and names the hash of the line before. */
export function verifyLog(text: string): Checked {
  if (text !== "" && !text.endsWith("\n"))
    return { whole: false, line: text.split("\n").length, what: "it is broken off" };
  const lines = text.split("\n").slice(0, -1);
  const rollouts = new Set<string>();
  let head = BEGINNING;
  for (const [i, line] of lines.entries()) {
    const value = parsed(line);
    if (!Check(AuditLine, value)) return { whole: false, line: i + 1, what: "it is no line of an audit log" };
    if (value.prev !== head) {
      const what =
        i === 0
          ? `it is not the first: it follows a line with the hash ${value.prev}`
          : `it follows a line with the hash ${value.prev}, but line ${i} has the hash ${head}: line ${i} was changed, or lines between were taken out or put in`;
      return { whole: false, line: i + 1, what };
    }
    rollouts.add(value.rollout);
    head = hashOf(line);
  }
  return { whole: true, lines: lines.length, head, rollouts: rollouts.size };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
