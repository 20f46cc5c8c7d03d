import { compare } from "./compare.ts";
import type { CompareOptions, Comparison } from "./comparison.ts";
import { type Described, type Entries, entriesIn } from "./entries.ts";

/** Two sides as seen by the callers of one namespace. */
export interface View {
  /** The namespace of the callers, or a text for all other namespaces; undefined if it does not matter. */
  callers: string | undefined;
  a: Described;
  b: Described;
}

/** Compares two sides for the callers of every namespace, with the entries of all. */
export function compareViews(
  views: readonly View[],
  { entries, notes }: Entries,
  options: CompareOptions,
): Comparison {
  const results = views.map(({ callers, a, b }, i) => {
    // The gateways belong to one namespace, so their entries are compared once.
    const here = entries.filter(({ listener }) => i === 0 || listener === "mesh");
    const result = compare(a, b, { entries: entriesIn(a, b, here), notes }, options);
    const differences = result.differences.map((difference) =>
      difference.listener === "mesh" && callers !== undefined ? { ...difference, callers } : difference,
    );
    return { ...result, differences };
  });
  const [first, ...others] = results;
  if (first === undefined) throw new Error("internal error: two sides are compared in one view at least");
  if (others.length === 0) return first;
  const differences = results.flatMap((result) => result.differences);
  const revisions = distinct(results.flatMap((result) => result.revisions));
  const doubts = distinct(results.flatMap((result) => result.doubts));
  const unread = distinct(results.flatMap((result) => result.unread));
  const open = doubts.length + unread.length > 0 ? "unknown" : "equal";
  return {
    verdict: differences.length + revisions.length > 0 ? "different" : open,
    compared: distinct(results.flatMap((result) => result.compared)),
    differences,
    revisions,
    doubts,
    unread,
    notes: distinct(results.flatMap((result) => result.notes)),
    cells: results.reduce((sum, { cells }) => sum + cells, 0),
  };
}

function distinct<T>(list: readonly T[]): T[] {
  return [...new Map(list.map((one) => [JSON.stringify(one), one])).values()];
}
