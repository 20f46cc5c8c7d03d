import type { Applicant } from "../../shared/applicant.ts";

/** Basic training takes about so long (NATO members: 8 to 13 weeks). */
const BASIC_TRAINING_MONTHS = 3;

/** Whether an applicant has had military training. It is a finding alone, and fails no background check. */
export function isMilitaryTrained({ military }: Applicant): boolean {
  return military !== undefined && (military.trained ?? (military.months ?? 0) >= BASIC_TRAINING_MONTHS);
}
