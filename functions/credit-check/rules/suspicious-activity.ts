import type { Applicant } from "../../shared/applicant.ts";
import { compareNames, SAME_PERSON } from "../screening/compare-names.ts";
import { type Passport, readMrz } from "../screening/mrz.ts";
import { readName } from "../screening/name.ts";

/**
 * Whether the passport is invalid: a check digit is wrong, it has expired, or it contradicts the applicant's data.
 * (FATF Recommendation 10: identity is verified by reliable, independent documents.)
 * @param today `YYYY-MM-DD`
 */
export function isSuspicious(applicant: Applicant, today: string): boolean {
  if (applicant.passport === undefined) return false;
  const passport = readMrz(applicant.passport.mrz);
  return !passport.digitsHold || hasExpired(passport, today) || contradicts(applicant, passport);
}

function hasExpired({ expiryDate }: Passport, today: string): boolean {
  // A passport is valid for ten years at most, so the century is the present one.
  return /^\d{6}$/.test(expiryDate) && `${today.slice(0, 2)}${expiryDate}` < today.replaceAll("-", "");
}

function contradicts(
  { name, aliases = [], dateOfBirth, nationality }: Applicant,
  passport: Passport,
): boolean {
  // Unknown parts of a date of birth are fillers.
  const born = passport.birthDate.includes("<") ? undefined : passport.birthDate;
  if (dateOfBirth !== undefined && born !== undefined && dateOfBirth.slice(2).replaceAll("-", "") !== born)
    return true;
  if (nationality !== undefined && passport.nationality !== undefined && nationality !== passport.nationality)
    return true;
  const ofPassport = readName(passport.name);
  return ![name, ...aliases].some((given) => compareNames(readName(given), ofPassport) >= SAME_PERSON);
}
