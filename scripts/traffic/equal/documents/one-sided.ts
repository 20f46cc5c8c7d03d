/**
 * Returns the items of two lists that the other list lacks, those of the first list before those of the second.
 * @param keyOf equal for items that count as the same
 */
export function oneSided<T>(a: readonly T[], b: readonly T[], keyOf: (item: T) => string): T[] {
  const [keysOfA, keysOfB] = [new Set(a.map(keyOf)), new Set(b.map(keyOf))];
  return [...a.filter((item) => !keysOfB.has(keyOf(item))), ...b.filter((item) => !keysOfA.has(keyOf(item)))];
}
