/** One value of an answer: a header, or what a path leads to in its JSON body. */
export type AnswerField = { kind: "header"; name: string } | { kind: "json"; path: (string | number)[] };

/** How a field is written, for messages. */
export const ANSWER_FIELD_FORMS =
  "header:NAME, or json: and a path such as $.approved, $.scores[0] or $['a name']";

const HEADER = /^header:([!#$%&'*+.^_`|~0-9A-Za-z-]+)$/;
const STEP = /\.([\p{L}_][\p{L}\p{N}_]*)|\[(\d{1,9})\]|\['([^']*)'\]|\["([^"]*)"\]/uy;

/** Whether a text is meant as a field of an answer, and not as a query about a revision. */
export function namesAnswerField(text: string): boolean {
  return /^(?:json|header):/.test(text) && !text.includes("$revision");
}

/** The field that a text names, such as `header:x-score` or `json:$.approved`; undefined where it names none. */
export function readAnswerField(text: string): AnswerField | undefined {
  const [, name] = HEADER.exec(text) ?? [];
  if (name !== undefined) return { kind: "header", name: name.toLowerCase() };
  if (!text.startsWith("json:$")) return undefined;
  // A singular query of RFC 9535: it leads to one value at most.
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
