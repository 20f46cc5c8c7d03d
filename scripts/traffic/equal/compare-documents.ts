import type { ManifestDocument } from "../../manifests/document.ts";
import type { Problem } from "../../manifests/problem.ts";
import type { CompareOptions, Comparison } from "./comparison.ts";
import { entriesOf } from "./entries.ts";
import { type NamedSide, prepare } from "./prepare.ts";
import { compareViews } from "./views.ts";

/** The result for two sets of documents: a comparison, or why there is none. */
export type ComparedDocuments =
  | { kind: "refused"; problems: Problem[] }
  | { kind: "no host" }
  | { kind: "compared"; comparison: Comparison };

export interface CompareDocumentsOptions extends Pick<CompareOptions, "revisionHeader" | "isTimeUp"> {
  /** The domain of public Knative Services. */
  domain: string;
  /** Further documents that both sides may refer to. */
  around?: readonly ManifestDocument[];
}

/** Compares two sets of documents at every host that either describes. */
export function compareDocuments(
  sides: readonly [NamedSide, NamedSide],
  { domain, around = [], ...options }: CompareDocumentsOptions,
): ComparedDocuments {
  const { errors, a, b, views, notes, doubts } = prepare(sides, around, domain);
  if (errors.length > 0) return { kind: "refused", problems: errors };
  const entries = entriesOf(a, b);
  if (entries.areApart === true) return { kind: "no host" };
  return {
    kind: "compared",
    comparison: compareViews(views, entries, { ...options, notes, doubts }),
  };
}
