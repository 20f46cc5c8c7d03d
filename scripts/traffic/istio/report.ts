import type { ManifestDocument } from "../../manifests/document.ts";
import { type Problem, problemAt } from "../../manifests/problem.ts";
import type { Report } from "../../route-fields/field-family.ts";

/** Collects the problems of a document with their positions. */
export function reporter(document: ManifestDocument, problems: Problem[]): Report {
  return (code, path, message, fix, names) => {
    problems.push(problemAt(code, document, path, { message, fix, ...names }));
  };
}
