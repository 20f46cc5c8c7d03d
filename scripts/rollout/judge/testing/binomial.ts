import { incbet } from "cephes";
// Compiles the special functions, which must precede any call.
import "../statistics/bernoulli.ts";

/** Returns the most hits of `total` that a probability of at most `p` explains: more occur once in 10,000 times. */
export function mostOf(total: number, p: number): number {
  let most = Math.floor(total * p);
  while (most < total && incbet(most + 1, total - most, p) > 1e-4) most++;
  return most;
}
