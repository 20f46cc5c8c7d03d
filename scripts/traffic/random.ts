import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/**
 * Numbers in [0, 1), the same ones for the same seed, so that a run with weighted choices can be repeated.
 * @param seed a 32-bit integer
 */
export function seededRandom(seed: number): () => number {
  const generator = xoroshiro128plus(seed);
  // The first numbers of small seeds are similar: they are skipped.
  for (let i = 0; i < 32; i++) generator.next();
  return () => (generator.next() >>> 0) / 2 ** 32;
}
