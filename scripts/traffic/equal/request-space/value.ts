import { regexRewritten } from "../../../route-fields/rewrite/rewrite.ts";
import type { RegexRewrite } from "../../table.ts";

/**
 * A part of a request that a condition can ask about and a rule can change: `uri` (the path), `method`, `authority`,
 * `header NAME` or `query NAME`; and `attribute NAME`, which no rule changes, of the connection and the caller (see
 * route-fields/match/attributes.ts). The parts of a request are independent of each other.
 */
export type Part = string;

export const header = (name: string): Part => `header ${name}`;
export const query = (name: string): Part => `query ${name}`;
export const attribute = (name: string): Part => `attribute ${name}`;

/** What a part of a request has become on its way, as a function of the request as it was sent. */
export type Value =
  | { kind: "text"; text: string }
  /** There is none, as of a header that was removed. */
  | { kind: "absent" }
  /** The part as it was sent, with a text in the place of some characters in front. */
  | { kind: "own"; part: Part; dropped: number; front: string }
  /** A header as it was sent, and one more value behind a comma; the value alone where it was not sent. */
  | { kind: "followed"; part: Part; by: string }
  /** A path that a regular expression made of another. */
  | { kind: "rewritten"; of: Value; by: RegexRewrite };

/** The part as it was sent. */
export function sent(part: Part): Value {
  return { kind: "own", part, dropped: 0, front: "" };
}

/** A value with a text in the place of some characters in front; it must have as many. */
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

/** What is known of a part as it was sent: what it is, undefined meaning that it is absent; or what it begins with. */
export type Known = { is: string | undefined } | { beginsWith: string };

/**
 * A value as a text that tells any two values apart which differ for some of the requests that are meant, and, but for
 * rewriting by regular expressions, only those.
 */
export function shown(value: Value, known: (part: Part) => Known): string {
  const text = textOf(value, known);
  if (text !== undefined) return text === null ? "absent" : JSON.stringify(text);
  switch (value.kind) {
    case "own": {
      const of = known(value.part);
      const begin = "beginsWith" in of ? of.beginsWith : "";
      // The longest front that all have, so that two ways to write one change are one text.
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

/** The text of a value, null when it is absent, undefined when it depends on what is not known. */
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
