/** How often a comparison may be wrong. */
export const RISKS = {
  /** That a candidate is accepted whose mismatch is not below a limit; each limit has this risk, and all must be met. */
  accept: 0.01,
  /** That one is rejected whose mismatches are all below their limits; the limits share it. */
  reject: 0.01,
  /** The expected share of false ones among the named segments. */
  named: 0.05,
} as const;
