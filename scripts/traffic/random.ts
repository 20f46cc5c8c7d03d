import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/**
 * Returns a generator of numbers in [0, 1) that yields the same sequence for the same seed, so that a run can be
 * repeated. The sequences of neighbouring seeds are correlated; `mixedSeed` makes them independent.
 * @param seed a 32-bit integer
 */
export function seededRandom(seed: number): () => number {
  const generator = xoroshiro128plus(seed);
  // The first numbers of small seeds are similar and are skipped.
  for (let i = 0; i < 32; i++) generator.next();
  return () => (generator.next() >>> 0) / 2 ** 32;
}

/** Returns a seed that is unrelated to those of its neighbours, by the finalizer of MurmurHash3, a bijection. */
export function mixedSeed(seed: number): number {
  let mixed = seed | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
