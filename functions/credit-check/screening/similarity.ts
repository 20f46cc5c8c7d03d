/** Below this two tokens are different names. */
export const SIMILAR = 0.85;

/**
 * The similarity of two words from 0 to 1 by Jaro, raised for a common prefix of up to four letters (W. E. Winkler,
 * "String Comparator Metrics and Enhanced Decision Rules in the Fellegi-Sunter Model of Record Linkage", 1990).
 */
export function jaroWinkler(a: string, b: string): number {
  if (a === b) return 1;
  const reach = Math.max(0, Math.floor(Math.max(a.length, b.length) / 2) - 1);
  const taken = new Uint8Array(b.length);
  let matched = "";
  for (let i = 0; i < a.length; i++) {
    const end = Math.min(b.length, i + reach + 1);
    for (let j = Math.max(0, i - reach); j < end; j++) {
      if (taken[j] === 1 || a[i] !== b[j]) continue;
      taken[j] = 1;
      matched += a[i];
      break;
    }
  }
  if (matched === "") return 0;
  let swapped = 0;
  for (let j = 0, k = 0; j < b.length; j++) if (taken[j] === 1 && matched[k++] !== b[j]) swapped++;
  const m = matched.length;
  const jaro = (m / a.length + m / b.length + (m - swapped / 2) / m) / 3;
  let prefix = 0;
  while (prefix < 4 && prefix < a.length && a[prefix] === b[prefix]) prefix++;
  return jaro + prefix * 0.1 * (1 - jaro);
}

/** The number of allowed edits of a token: one per five letters, two at most. */
export const allowedEdits = (length: number): number => Math.min(2, Math.floor(length / 5));

/**
 * The similarity of two tokens of a name; 0 if they are different names. Jaro-Winkler rates short words and words with a
 * common prefix, such as Merkel and Merkur, too high, so the edit distance is limited as well.
 */
export function tokenSimilarity(a: string, b: string): number {
  if (a === b) return 1;
  const allowed = allowedEdits(Math.max(a.length, b.length));
  if (allowed === 0 || Math.abs(a.length - b.length) > allowed) return 0;
  const similarity = jaroWinkler(a, b);
  return similarity >= SIMILAR && edits(a, b, allowed) <= allowed ? similarity : 0;
}

/** The edit distance with swaps of neighbours (optimal string alignment), up to `most`. */
function edits(a: string, b: string, most: number): number {
  let [before, above, row] = [new Uint8Array(0), new Uint8Array(b.length + 1), new Uint8Array(b.length + 1)];
  for (let j = 0; j <= b.length; j++) above[j] = j;
  for (let i = 1; i <= a.length; i++) {
    row[0] = i;
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const changed = (above[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min(changed, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      row[j] = cost;
      least = Math.min(least, cost);
    }
    if (least > most) return least;
    [before, above, row] = [above, row, new Uint8Array(b.length + 1)];
  }
  return above[b.length] ?? 0;
}
