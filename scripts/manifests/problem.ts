/** A place in a file, for an editor: line and column count from 1. */
export interface Position {
  file: string;
  line: number;
  column: number;
}

/** Something in a manifest that its author has to know. */
export interface Problem {
  /** An error keeps the file from being used; a warning does not. */
  severity: "error" | "warning";
  at: Position;
  /** The path of the field, as in `spec.traffic[0].percent`; empty for the file as a whole. */
  field: string;
  /** What is wrong, and what was expected. */
  message: string;
  /** What to do. */
  fix?: string | undefined;
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
