import type { Applicant } from "../../shared/applicant.ts";
import { readMrz } from "../screening/mrz.ts";

/** FATF, "High-Risk Jurisdictions subject to a Call for Action", as of October 2025: North Korea, Iran and Myanmar. */
const RESTRICTED = ["KP", "IR", "MM"];

/** Whether the nationality that is given, or the one in the passport, is restricted. */
export function isRestrictedNational({ nationality, passport }: Applicant): boolean {
  const nationalities = [nationality, passport && readMrz(passport.mrz).nationality];
  return nationalities.some((code) => code !== undefined && RESTRICTED.includes(code));
}
