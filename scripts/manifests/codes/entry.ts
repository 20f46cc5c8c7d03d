/** The description of a code. */
export interface CodeEntry {
  /** An error keeps the files from being used; a warning does not. */
  severity: "error" | "warning";
  /** The severity in `lint`, where files may be part of a larger system, or meant for a cluster only. */
  inLint?: "warning";
  /** The consequence. */
  means: string;
  /** How to fix it. */
  fix: string;
}
