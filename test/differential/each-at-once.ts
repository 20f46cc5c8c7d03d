/** Calls a function for each item, a limited number at a time. */
export async function eachAtOnce<T>(
  atOnce: number,
  items: readonly T[],
  act: (item: T, worker: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (_: unknown, number: number): Promise<void> => {
    while (next < items.length) await act(items[next++] as T, number);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
}
