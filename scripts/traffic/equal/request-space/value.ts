import { regexRewritten } from "../../../route-fields/rewrite/rewrite.ts";
import type { RegexRewrite } from "../../table.ts";

/**
 * A part of a request that conditions can match and rules can change: `uri` (the path), `method`, `authority`,
 * `header NAME` or `query NAME`; and `attribute NAME`, a property of the connection or the caller that no rule
 * changes (see route-fields/match/attributes.ts). The parts of a request are independent of each other.
 */
export type Part = string;

export const header = (name: string): Part => `header ${name}`;
export const query = (name: string): Part => `query ${name}`;
export const attribute = (name: string): Part => `attribute ${name}`;

/** The value of a part of a request on its way, as a function of the request as it was sent. */
export type Value =
  | { kind: "text"; text: string }
  /** No value, for example after a header was removed. */
  | { kind: "absent" }
  /** The part as it was sent, with a number of leading characters replaced by a text. */
  | { kind: "own"; part: Part; dropped: number; front: string }
  /** The header as it was sent, followed by a comma and a text; only the text if it was not sent. */
  | { kind: "followed"; part: Part; by: string }
  /** A path that a regular expression rewrote. */
  | { kind: "rewritten"; of: Value; by: RegexRewrite };

/** The part as it was sent. */
export function sent(part: Part): Value {
  return { kind: "own", part, dropped: 0, front: "" };
}

/** Returns a value with leading characters replaced by a text; it must have as many. */
export function withFront(value: Value, dropped: number, front: string): Value | undefined {
  switch (value.kind) {
    case "text":
      return { kind: "text", text: front + value.text.slice(dropped) };
    case "own":
      if (dropped <= value.front.length) return { ...value, front: front + value.front.slice(dropped) };
      return { ...value, dropped: value.dropped + dropped - value.front.length, front };
    default:
      return undefined;
  }
}

/** A header with one more value. */
export function withMore(value: Value, by: string): Value {
  switch (value.kind) {
    case "absent":
      return { kind: "text", text: by };
    case "text":
      return { kind: "text", text: `${value.text},${by}` };
    case "followed":
      return { ...value, by: `${value.by},${by}` };
    case "own":
      return { kind: "followed", part: value.part, by };
    case "rewritten":
      throw new Error("a header is never rewritten by a regular expression");
  }
}

/** The knowledge about a part as it was sent: its value (undefined if absent), or its prefix. */
export type Known = { is: string | undefined } | { beginsWith: string };

/**
 * Returns a text that distinguishes any two values that differ for some request, and, except for rewriting by regular
 * expressions, only those.
 */
export function shown(value: Value, known: (part: Part) => Known): string {
  const text = textOf(value, known);
  if (text !== undefined) return text === null ? "absent" : JSON.stringify(text);
  switch (value.kind) {
    case "own": {
      const of = known(value.part);
      const begin = "beginsWith" in of ? of.beginsWith : "";
      // The longest common prefix makes two forms of one change the same text.
      if (value.dropped > begin.length)
        return `${value.part} [${value.dropped}] ${JSON.stringify(value.front)}`;
      return `${value.part} [${begin.length}] ${JSON.stringify(value.front + begin.slice(value.dropped))}`;
    }
    case "followed":
      return `${value.part}, ${JSON.stringify(value.by)}`;
    case "rewritten":
      return `${JSON.stringify([value.by.pattern, value.by.substitution])} of ${shown(value.of, known)}`;
    case "text":
    case "absent":
      throw new Error("a fixed value has a text");
  }
}

/** Returns the text of a value, null if it is absent, undefined if it depends on unknown parts. */
export function textOf(value: Value, known: (part: Part) => Known): string | null | undefined {
  switch (value.kind) {
    case "text":
      return value.text;
    case "absent":
      return null;
    case "own": {
      const of = known(value.part);
      if (!("is" in of)) return undefined;
      return of.is === undefined ? null : value.front + of.is.slice(value.dropped);
    }
    case "followed": {
      const of = known(value.part);
      if (!("is" in of)) return undefined;
      return of.is === undefined ? value.by : `${of.is},${value.by}`;
    }
    case "rewritten": {
      const text = textOf(value.of, known);
      return typeof text === "string" ? regexRewritten(value.by, text) : text;
    }
  }
}
