import type { FieldPath, ManifestDocument } from "../manifests/document.ts";
import type { Position } from "../manifests/problem.ts";

export type Severity = "error" | "warning";

/** A change of a file that repairs a finding: the field gets this value, or goes when it is undefined. */
export interface Repair {
  document: ManifestDocument;
  path: FieldPath;
  value: string | number | Readonly<Record<string, unknown>> | undefined;
}

/** A pitfall that was stepped into. */
export interface Finding {
  /** The name of the rule. */
  rule: string;
  severity: Severity;
  at: Position;
  /** The path of the field; empty for the object as a whole. */
  field: string;
  /** What is wrong, and what happens because of it. */
  message: string;
  /** What to do. */
  fix: string | undefined;
  /** How `--fix` does it, where that is safe. */
  repairs: readonly Repair[];
}

/** What a rule says of one field of an object. */
export interface Remark {
  document: ManifestDocument;
  path: FieldPath;
  message: string;
  fix: string;
  /** New values of fields of the same document; undefined takes a field away. */
  repairs?: readonly (readonly [path: FieldPath, value: Repair["value"]])[];
}

/** A pitfall, and how to see it in files. */
export interface Rule<Input> {
  /** In kebab case. */
  id: string;
  severity: Severity;
  /** What happens to who steps into it, in a sentence. */
  why: string;
  check(input: Input): Iterable<Remark>;
}
