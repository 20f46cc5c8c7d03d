import type { Applicant } from "../../shared/applicant.ts";

/** Thresholds of this bank: default as in EBA/GL/2016/07, and late payments and use of limits that often come before it. */
const [MOST_USED, MOST_LATE] = [0.9, 3];

/** Whether an applicant has defaulted, pays late again and again, or has used nearly all credit. */
export function isCreditUsageBad({ creditUsage }: Applicant): boolean {
  if (creditUsage === undefined) return false;
  const { limit, used, latePayments = 0, defaults = 0 } = creditUsage;
  return defaults > 0 || latePayments >= MOST_LATE || (used > 0 && used > MOST_USED * limit);
}
