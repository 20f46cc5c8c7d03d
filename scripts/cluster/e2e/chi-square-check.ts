import { chdtrc, compiled } from "cephes";
import type { CheckResult } from "../verify/check.ts";
import type { Observed } from "../verify/split-checks.ts";

// Of ten thousand right splits one is taken for wrong.
const LEAST_P = 0.0001;

/**
 * Whether who answered is what a split makes likely: by Pearson's chi-square, and exactly where a share is nothing. A
 * request that failed, or was answered by a revision outside of the split, never is.
 * @param shares the percent of each tag of the credit check; they sum to 100
 */
export async function judgeSplit(
  group: string,
  shares: Readonly<Record<string, number>>,
  { counts, failed, requests }: Observed,
): Promise<CheckResult> {
  await compiled;
  const tags = Object.keys(shares);
  const name = tags.map((tag) => `${tag} ${shares[tag]} %`).join(", ");
  const found = tags.map((tag) => counts.get(`credit-check-${tag}`) ?? 0);
  const likely = tags.map((tag) => (requests * (shares[tag] ?? 0)) / 100);
  const stray = requests - failed - found.reduce((sum, count) => sum + count, 0);
  const odd = [failed > 0 ? `, ${failed} failed` : "", stray > 0 ? `, ${stray} by others` : ""].join("");
  const seen = `${found.join(" : ")} of ${requests}${odd}`;
  const isWhole = failed === 0 && stray === 0;
  if (likely.includes(0)) {
    const ok = isWhole && found.every((count, i) => count === likely[i]);
    return { group, name, expected: `${likely.join(" : ")} of ${requests}`, seen, ok };
  }
  const chi2 = found.reduce((sum, count, i) => sum + (count - (likely[i] ?? 0)) ** 2 / (likely[i] ?? 1), 0);
  const p = chdtrc(found.length - 1, chi2);
  return {
    group,
    name,
    expected: `chi-square with p of at least ${LEAST_P}, none failed`,
    seen: `${seen}, chi-square ${chi2.toFixed(2)}, p ${p.toFixed(4)}`,
    ok: isWhole && p >= LEAST_P,
  };
}
