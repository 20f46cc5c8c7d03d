import { type FieldPath, formatPath, type ManifestDocument } from "../../manifests/document.ts";
import type { Problem } from "../../manifests/problem.ts";

/** Takes note of a mistake in an object; of a warning where that is said. */
export type Report = (path: FieldPath, message: string, fix?: string, severity?: Problem["severity"]) => void;

/** Notes mistakes in a document, each with its place there. */
export function reporter(document: ManifestDocument, problems: Problem[]): Report {
  return (path, message, fix, severity = "error") => {
    problems.push({ severity, at: document.at(path), field: formatPath(path), message, fix });
  };
}
