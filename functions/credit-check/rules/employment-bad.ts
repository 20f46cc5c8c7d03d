import type { Applicant } from "../../shared/applicant.ts";

/** Unemployed for longer than this is held to be long-term (ILO, KILM 11: twelve months and more). */
const LONG_TERM_MONTHS = 12;

/** Whether an applicant was dismissed for cause, or is unemployed for a long time. */
export function isEmploymentBad({ employment }: Applicant): boolean {
  if (employment === undefined) return false;
  const { status, months = 0, dismissedForCause = false } = employment;
  return dismissedForCause || (status === "unemployed" && months >= LONG_TERM_MONTHS);
}
