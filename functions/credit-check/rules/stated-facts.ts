import type { Applicant } from "../../shared/applicant.ts";
import { readMrz } from "../screening/mrz.ts";

/** FATF, "High-Risk Jurisdictions subject to a Call for Action", as of October 2025: North Korea, Iran and Myanmar. */
const RESTRICTED = ["KP", "IR", "MM"];

/** Whether the given nationality, or the one in the passport, is restricted. */
export function isRestrictedNational({ nationality, passport }: Applicant): boolean {
  const nationalities = [nationality, passport && readMrz(passport.mrz).nationality];
  return nationalities.some((code) => code !== undefined && RESTRICTED.includes(code));
}

/** The usual duration of basic training (NATO members: 8 to 13 weeks). */
const BASIC_TRAINING_MONTHS = 3;

/** Whether an applicant has had military training. It is a finding, but does not fail the background check. */
export function isMilitaryTrained({ military }: Applicant): boolean {
  return military !== undefined && (military.trained ?? (military.months ?? 0) >= BASIC_TRAINING_MONTHS);
}

/** Unemployment of at least this duration is long-term (ILO, KILM 11: twelve months and more). */
const LONG_TERM_MONTHS = 12;

/** Whether an applicant was dismissed for cause, or is unemployed for a long time. */
export function isEmploymentBad({ employment }: Applicant): boolean {
  if (employment === undefined) return false;
  const { status, months = 0, dismissedForCause = false } = employment;
  return dismissedForCause || (status === "unemployed" && months >= LONG_TERM_MONTHS);
}

/** Thresholds of this bank: default as in EBA/GL/2016/07, and the late payments and credit use that often precede it. */
const [MOST_USED, MOST_LATE] = [0.9, 3];

/** Whether an applicant has defaulted, has paid late repeatedly, or has used nearly all credit. */
export function isCreditUsageBad({ creditUsage }: Applicant): boolean {
  if (creditUsage === undefined) return false;
  const { limit, used, latePayments = 0, defaults = 0 } = creditUsage;
  return defaults > 0 || latePayments >= MOST_LATE || (used > 0 && used > MOST_USED * limit);
}
