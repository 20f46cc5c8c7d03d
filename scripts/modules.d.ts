/** The Cephes library of special functions, compiled to WebAssembly; its own declarations are not found by `exports`. */
declare module "cephes" {
  /** Resolves when the functions can be called. */
  export const compiled: Promise<void>;
  /** The upper tail of chi-square with `df` degrees of freedom: the probability of more than `x`. */
  export function chdtrc(df: number, x: number): number;
}
