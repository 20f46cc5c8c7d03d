import type { FieldPath, ManifestDocument } from "../manifests/document.ts";
import type { Problem } from "../manifests/problem.ts";
import { type Code, CODES } from "../manifests/codes/codes.ts";

/** A change of a file that repairs a finding: the new value of a field, or undefined to remove it. */
export interface Repair {
  document: ManifestDocument;
  path: FieldPath;
  value: string | number | Readonly<Record<string, unknown>> | undefined;
}

/** A problem as `lint` reports it. */
export interface Finding extends Problem {
  /** Edits that must not change the route of any request; `--fix` makes those for which it proves that. */
  repairs: readonly Repair[];
  /** Edits that change the routes of requests, because the current routes are wrong; `--fix` only shows them. */
  proposals: readonly Repair[];
}

/** A field of a document and its new value; undefined removes it. */
type FieldChange = readonly [path: FieldPath, value: Repair["value"]];

/** A remark of a rule on one field of an object. */
export interface Remark {
  document: ManifestDocument;
  path: FieldPath;
  message: string;
  fix: string;
  /** New values of fields of the same document; undefined removes a field. */
  repairs?: readonly FieldChange[];
  /** The same for edits that change the routes of requests. */
  proposals?: readonly FieldChange[];
}

/** A check that finds the problems of one code. */
export interface Rule<Input> {
  code: Code;
  /** Whether its remarks may have repairs; `lint` accepts them from no other rule. @default false */
  mayRepair?: boolean;
  check(input: Input): Iterable<Remark>;
}

/**
 * Converts a problem of reading or compiling to a finding. A name that does not exist here may exist on the cluster,
 * and a field that the local mesh ignores may be right there: such problems are warnings, unless the name is a likely
 * misspelling.
 */
export function findingOf(problem: Problem): Finding {
  const isMisspelt = problem.near !== undefined;
  const severity = isMisspelt ? problem.severity : (CODES[problem.code].inLint ?? problem.severity);
  return { ...problem, severity, repairs: [], proposals: [] };
}
