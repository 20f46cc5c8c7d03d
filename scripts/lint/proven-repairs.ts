import { type ManifestDocument, parseDocuments } from "../manifests/document.ts";
import { compareDocuments } from "../traffic/equal/compare-documents.ts";
import type { Repair } from "./finding.ts";
import { repaired } from "./repair.ts";

// The domain of public Knative Services does not affect the proof: it is the same before and after.
const DOMAIN = "example.com";

/**
 * Makes those of a file's repairs for which `equal` proves that every request has the same outcome.
 * @param around the documents that the file may refer to
 * @returns the new text, the number of repairs in it, and the number without a proof, which were omitted
 */
export function provenRepairs(
  file: string,
  before: string,
  repairs: readonly Repair[],
  around: readonly ManifestDocument[],
): { text: string; made: number; unproven: number } {
  const all = repaired(before, repairs);
  if (all.made === 0) return { text: before, made: 0, unproven: 0 };
  if (isProven(all.text)) return { ...all, unproven: 0 };
  const proven = repairs.filter((repair) => isProven(repaired(before, [repair]).text));
  const some = repaired(before, proven);
  const unproven = repairs.length - proven.length;
  // Repairs that are proven one by one may not be equivalent together.
  return isProven(some.text) ? { ...some, unproven } : { text: before, made: 0, unproven: repairs.length };

  function isProven(after: string): boolean {
    const [a, b] = [before, after].map((text) => parseDocuments(file, text)) as [Parsed, Parsed];
    if (a.problems.length + b.problems.length > 0) return false;
    const compared = compareDocuments(
      [
        { name: "before", documents: a.documents },
        { name: "after", documents: b.documents },
      ],
      { around, domain: DOMAIN, revisionHeader: undefined },
    );
    return compared.kind === "compared" && compared.comparison.verdict === "equal";
  }
}

type Parsed = ReturnType<typeof parseDocuments>;
