import { type Code, CODES } from "./codes/codes.ts";
import type { FieldPath, ManifestDocument } from "./document.ts";

/** A place in a file, for an editor: line and column count from 1. */
export interface Position {
  file: string;
  line: number;
  column: number;
}

/** An error or a warning about a manifest. */
export interface Problem {
  /** The kind of the problem; `codes.ts` describes each. */
  code: Code;
  /** An error keeps the file from being used; a warning does not. */
  severity: "error" | "warning";
  at: Position;
  /** The path of the field, as in `spec.traffic[0].percent`; empty for the file as a whole. */
  field: string;
  /** The fault, and the expected form. */
  message: string;
  /** The remedy. */
  fix?: string | undefined;
  /** The name in question, such as that of a missing host, revision or field. */
  name?: string | undefined;
  /** The known name that `name` is most likely a misspelling of. */
  near?: string | undefined;
}

/** The parts of a problem besides its code and position. */
export type ProblemText = Pick<Problem, "message" | "fix" | "name" | "near">;

/** A problem at a value in a document, with the severity of its code. */
export function problemAt(
  code: Code,
  document: Pick<ManifestDocument, "at">,
  path: FieldPath,
  text: ProblemText,
): Problem {
  return { code, severity: CODES[code].severity, at: document.at(path), field: formatPath(path), ...text };
}

/** A problem on one line, in the form that editors and CI systems turn into a link. */
export function formatProblem(problem: Problem): string {
  const { at, field, message, fix } = problem;
  const place = `${at.file}:${at.line}:${at.column}`;
  return `${place}: ${problem.severity}: ${field === "" ? "" : `${field}: `}${message}${fix ? `; ${fix}` : ""}`;
}

/** Reading stopped at these problems. The message lists them, one a line. */
export class InvalidManifests extends Error {
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join("\n"));
    this.problems = problems;
  }
}

/** A path in its usual form: `spec.http[0].match`. */
export function formatPath(path: FieldPath): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else if (/^[A-Za-z_][\w-]*$/.test(step)) text += text === "" ? step : `.${step}`;
    else text += `["${step}"]`;
  }
  return text;
}
