/** Returns random numbers from 0 to below 1. */
export type Random = () => number;

/** A whole number from 0 to below `limit`. */
function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

function pick<T>(random: Random, from: readonly T[]): T {
  return from[below(random, from.length)] as T;
}

const BYTES = [0x00, 0x0a, 0x0d, 0x20, 0x22, 0x3a, 0x5b, 0x7b, 0x7f, 0x80, 0xc0, 0xef, 0xff];
/** The maximum size of an input, in bytes. */
export const MOST_BYTES = 4_096;

/**
 * Changes an input at one to eight positions: bytes flipped, inserted, removed or repeated, keywords of the format inserted,
 * and parts of two inputs joined.
 * @param words keywords of the format, which random bytes would rarely contain
 * @param most the maximum size of the input, in bytes
 */
export function mutated(
  random: Random,
  seeds: readonly Buffer[],
  words: readonly string[],
  most: number = MOST_BYTES,
): Buffer {
  let bytes = Buffer.from(pick(random, seeds));
  for (let left = 1 + below(random, 8); left > 0; left--) bytes = changed(random, bytes, seeds, words);
  return bytes.subarray(0, most);
}

function changed(
  random: Random,
  bytes: Buffer,
  seeds: readonly Buffer[],
  words: readonly string[],
): Buffer<ArrayBuffer> {
  const at = below(random, bytes.length + 1);
  const end = Math.min(bytes.length, at + 1 + below(random, 1 << below(random, 8)));
  const [before, within, after] = [bytes.subarray(0, at), bytes.subarray(at, end), bytes.subarray(end)];
  switch (below(random, 8)) {
    case 0: {
      const flipped = Buffer.from(bytes);
      const index = below(random, Math.max(1, bytes.length));
      flipped[index] = (flipped[index] ?? 0) ^ (1 << below(random, 8));
      return flipped;
    }
    case 1:
      return Buffer.concat([before, Buffer.from([pick(random, BYTES)]), within, after]);
    case 2:
      return Buffer.concat([before, after]);
    case 3:
      return Buffer.concat([before, ...Array.from({ length: 1 + below(random, 60) }, () => within), after]);
    case 4: {
      const other = pick(random, seeds);
      return Buffer.concat([before, other.subarray(below(random, other.length + 1))]);
    }
    case 5:
      return Buffer.concat([before, Buffer.from([below(random, 256)]), after]);
    default:
      return Buffer.concat([
        before,
        Buffer.from(pick(random, words)),
        random() < 0.5 ? within : Buffer.alloc(0),
        after,
      ]);
  }
}

/**
 * Minimises a failing input: removes ranges, from half of it to single bytes, and replaces bytes with plain ones (delta
 * debugging, Zeller and Hildebrandt 2002).
 */
export async function minimised(input: Buffer, fails: (input: Buffer) => Promise<boolean>): Promise<Buffer> {
  let smallest = input;
  let tries = 5_000;
  const take = async (candidate: Buffer): Promise<boolean> => {
    if (--tries < 0 || !(await fails(candidate))) return false;
    smallest = candidate;
    return true;
  };
  for (let size = Math.ceil(smallest.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < smallest.length;) {
      const without = Buffer.concat([smallest.subarray(0, at), smallest.subarray(at + size)]);
      if (!(await take(without))) at += size;
    }
  }
  for (let at = 0; at < smallest.length; at++) {
    if (smallest[at] === 0x61) continue;
    const plain = Buffer.from(smallest);
    plain[at] = 0x61;
    await take(plain);
  }
  return smallest;
}
