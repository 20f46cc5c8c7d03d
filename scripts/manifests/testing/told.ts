import { expect } from "bun:test";
import type { TSchema } from "typebox";
import { type ManifestDocument, parseDocuments } from "../document.ts";
import { formatProblem } from "../problem.ts";
import { validate } from "../validate.ts";

/** The one document of a text. */
export function read(text: string): ManifestDocument {
  const { documents, problems } = parseDocuments("f.yaml", text);
  expect(problems).toEqual([]);
  return documents[0] as ManifestDocument;
}

/** The problems of a document of a kind. */
export function problemsOf(schema: TSchema, document: ManifestDocument) {
  return validate(schema, document).problems;
}

/** Problems as they are printed, without the file and the severity. */
export function told(schema: TSchema, text: string): string[] {
  return problemsOf(schema, read(text)).map((problem) => {
    return formatProblem(problem).replace("f.yaml:", "").replace(" error:", "");
  });
}

/** A text with one line replaced by another. */
export function replaced(text: string, line: string, by: string): string {
  expect(`\n${text}`).toContain(`\n${line}\n`);
  return `\n${text}`.replace(`\n${line}\n`, () => `\n${by}\n`).slice(1);
}
