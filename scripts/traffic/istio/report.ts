import type { Code } from "../../manifests/codes/codes.ts";
import type { FieldPath, ManifestDocument } from "../../manifests/document.ts";
import { type Problem, problemAt } from "../../manifests/problem.ts";

/** Reports a problem of an object. */
export type Report = (
  code: Code,
  path: FieldPath,
  message: string,
  fix?: string,
  names?: Pick<Problem, "name" | "near">,
) => void;

/** Collects the problems of a document, each with its position there. */
export function reporter(document: ManifestDocument, problems: Problem[]): Report {
  return (code, path, message, fix, names) => {
    problems.push(problemAt(code, document, path, { message, fix, ...names }));
  };
}
