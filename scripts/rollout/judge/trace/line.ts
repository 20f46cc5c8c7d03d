import Type from "typebox";
import { Compile } from "typebox/compile";
import { didYouMean, nearest } from "../../../nearest.ts";
import { isOk, OUTCOME_KINDS } from "../../../traffic/outcome-kind.ts";
import { EXCLUSIONS, type Observation } from "../types.ts";

const REVISIONS = ["baseline", "candidate", "gateway"] as const;

const Line = Compile(
  Type.Object({
    t: Type.Number(),
    revision: Type.Enum(["baseline", "candidate", "gateway"]),
    ok: Type.Boolean(),
    ms: Type.Number({ minimum: 0, exclusiveMaximum: 1e12 }),
    fromMs: Type.Optional(Type.Number({ minimum: 0, exclusiveMaximum: 1e12 })),
    share: Type.Number({ minimum: 0, maximum: 1 }),
    count: Type.Optional(Type.Integer({ minimum: 1, maximum: 1e9 })),
    kind: Type.Optional(Type.Enum([...OUTCOME_KINDS])),
    unit: Type.Optional(Type.String()),
    excluded: Type.Optional(Type.Enum([...EXCLUSIONS])),
  }),
);

/** The expected value of each field, as a noun phrase. */
const EXPECTED: Readonly<Record<keyof Observation, string>> = {
  t: "a number of seconds",
  revision: `one of ${REVISIONS.map((name) => `"${name}"`).join(", ")}`,
  ok: "true or false",
  ms: "a number of milliseconds from 0",
  fromMs: "a number of milliseconds from 0 to ms",
  share: "a number from 0 to 1, the candidate's share of the traffic",
  count: "a whole number from 1 to 1,000,000,000",
  kind: `one of ${OUTCOME_KINDS.map((name) => `"${name}"`).join(", ")}`,
  unit: "a text, the same one for each request of an applicant or session",
  excluded: `one of ${EXCLUSIONS.map((name) => `"${name}"`).join(", ")}`,
};
const FIELDS = Object.keys(EXPECTED);
const OPTIONAL = ["fromMs", "count", "kind", "unit", "excluded"];

/** A line of a trace that is malformed. The message has its number and the reason. */
export class BadLine extends Error {
  override readonly name = "BadLine";
  readonly line: number;

  constructor(line: number, wrong: string) {
    super(`line ${line}: ${wrong}`);
    this.line = line;
  }
}

/**
 * Parses one line of a trace: an observation as JSON. Other fields than those of an observation are ignored, unless
 * they look like a misspelling of one.
 * @param number the line's number, from 1
 * @throws BadLine
 */
export function readLine(text: string, number: number): Observation {
  const value = parse(text, number);
  if (Line.Check(value)) {
    for (const name in value) if (!FIELDS.includes(name)) checkUnknown(name, number);
    if (value.fromMs !== undefined && value.fromMs > value.ms)
      throw new BadLine(number, `fromMs: ${EXPECTED.fromMs} is expected, not ${value.fromMs}`);
    if (value.kind !== undefined && isOk(value.kind) !== value.ok)
      throw new BadLine(number, `ok is ${value.ok}: ${!value.ok} is expected where kind is "${value.kind}"`);
    return value;
  }
  throw new BadLine(number, complaint(value));
}

function parse(text: string, number: number): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message.replace("JSON Parse error: ", "") : String(error);
    throw new BadLine(number, `no JSON (${why}): ${excerpt(text)}`);
  }
}

function checkUnknown(name: string, number: number): void {
  const near = nearest(name, FIELDS);
  if (near !== undefined) throw new BadLine(number, `unknown field ${name}: did you mean ${near}?`);
}

function complaint(value: unknown): string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return `an object is expected, such as {"t":0.2,"revision":"baseline","ok":true,"ms":12,"share":0.1}, not ${excerpt(JSON.stringify(value))}`;
  }
  const given = new Map(Object.entries(value));
  for (const field of FIELDS) {
    const expected = EXPECTED[field as keyof Observation];
    if (!given.has(field)) {
      if (OPTIONAL.includes(field)) continue;
      const slip = [...given.keys()].find(
        (name) => !FIELDS.includes(name) && nearest(name, [field]) === field,
      );
      return slip === undefined
        ? `${field} is missing: ${expected} is expected`
        : `unknown field ${slip}: did you mean ${field}?`;
    }
    const here = given.get(field);
    if (fits(field, here)) continue;
    const near = typeof here === "string" ? suggestion(field, here) : "";
    return `${field} is ${excerpt(JSON.stringify(here))}: ${expected} is expected${near}`;
  }
  return "no observation";
}

/** Whether the value of a single field is valid. */
function fits(field: string, value: unknown): boolean {
  return Line.Check({ t: 0, revision: "baseline", ok: true, ms: 0, share: 0, [field]: value });
}

function suggestion(field: string, value: string): string {
  const known: readonly string[] =
    field === "revision"
      ? REVISIONS
      : field === "excluded"
        ? EXCLUSIONS
        : field === "kind"
          ? OUTCOME_KINDS
          : [];
  return nearest(value, known) === undefined ? "" : `; ${didYouMean(value, known)}`;
}

function excerpt(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`;
}
