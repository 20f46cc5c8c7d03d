import { distance } from "fastest-levenshtein";

/**
 * The known name that a mistyped one most likely means, or undefined if none is close: at most a third of the letters
 * may differ. Letter case is ignored, and two transposed letters count as one difference.
 */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const d = differences(name.toLowerCase(), candidate.toLowerCase());
    const allowed = Math.floor(Math.max(name.length, candidate.length) / 3);
    if (d <= allowed && d < bestDistance) {
      best = candidate;
      bestDistance = d;
    }
  }
  return best;
}

/** Advice for an unknown name: the closest known one, else all of them. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const names = [...known];
  const near = nearest(name, names);
  if (near !== undefined) return `did you mean ${near}?`;
  return names.length === 0 ? "none is known here" : `known are ${names.join(", ")}`;
}

/** The same advice as {@link didYouMean}, with the nearest name for code that acts on it. */
export function suggestion(name: string, known: Iterable<string>): { fix: string; near: string | undefined } {
  const names = [...known];
  return { fix: didYouMean(name, names), near: nearest(name, names) };
}

function differences(a: string, b: string): number {
  let i = 0;
  while (i < a.length && a[i] === b[i]) i++;
  const swapped = `${a.slice(0, i)}${a.slice(i + 1, i + 2)}${a.slice(i, i + 1)}${a.slice(i + 2)}`;
  return a !== b && swapped === b ? 1 : distance(a, b);
}
