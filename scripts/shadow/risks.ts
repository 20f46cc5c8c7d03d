/** The error probabilities of a comparison. */
export const RISKS = {
  /**
   * A candidate is accepted although a mismatch is not below its limit; each limit has this risk, and all must be
   * met.
   */
  accept: 0.01,
  /** A candidate is rejected although all mismatches are below their limits; the limits share this risk. */
  reject: 0.01,
  /** The expected share of false ones among the named segments. */
  named: 0.05,
} as const;
