/** One value of an answer: a header, or the value at a path in its JSON body. */
export type AnswerField = { kind: "header"; name: string } | { kind: "json"; path: (string | number)[] };

/** The notation of fields, for messages. */
export const ANSWER_FIELD_FORMS =
  "header:NAME, or json: and a path such as $.approved, $.scores[0] or $['a name']";

const HEADER = /^header:([!#$%&'*+.^_`|~0-9A-Za-z-]+)$/;
const STEP = /\.([\p{L}_][\p{L}\p{N}_]*)|\[(\d{1,9})\]|\['([^']*)'\]|\["([^"]*)"\]/uy;

/** Whether a text is a field of an answer, and not a query about a revision. */
export function namesAnswerField(text: string): boolean {
  return /^(?:json|header):/.test(text) && !text.includes("$revision");
}

/** Parses a field such as `header:x-score` or `json:$.approved`; undefined if the text is not a field. */
export function readAnswerField(text: string): AnswerField | undefined {
  const [, name] = HEADER.exec(text) ?? [];
  if (name !== undefined) return { kind: "header", name: name.toLowerCase() };
  if (!text.startsWith("json:$")) return undefined;
  // A singular query of RFC 9535: it selects one value at most.
  const path: (string | number)[] = [];
  STEP.lastIndex = "json:$".length;
  while (STEP.lastIndex < text.length) {
    const found = STEP.exec(text);
    if (found === null) return undefined;
    const [, short, index, single, double] = found;
    path.push(index === undefined ? (short ?? single ?? double ?? "") : Number(index));
  }
  return { kind: "json", path };
}
