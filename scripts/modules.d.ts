/** The Cephes library of special functions, compiled to WebAssembly; its own declarations are not found by `exports`. */
declare module "cephes" {
  /** Resolves when the functions can be called. */
  export const compiled: Promise<void>;
  /** The upper tail of chi-square with `df` degrees of freedom: the probability of more than `x`. */
  export function chdtrc(df: number, x: number): number;
  /** The natural logarithm of the beta function, B(a, b). */
  export function lbeta(a: number, b: number): number;
  /** The regularised incomplete beta function: the probability that Beta(a, b) is at most `x`. */
  export function incbet(a: number, b: number, x: number): number;
  /** The normal distribution: the probability of less than `x`. */
  export function ndtr(x: number): number;
  /** The normal quantile: the value below which the probability is `p`. */
  export function ndtri(p: number): number;
}
