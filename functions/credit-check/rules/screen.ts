import type { Applicant } from "../../shared/applicant.ts";
import { readName } from "../screening/name.ts";
import { listsWith } from "./black-listed.ts";
import {
  isCreditUsageBad,
  isEmploymentBad,
  isMilitaryTrained,
  isRestrictedNational,
} from "./stated-facts.ts";
import { isSuspicious } from "./suspicious-activity.ts";
import type { WatchLists } from "../screening/watch-lists.ts";

/** The inputs of a check other than the applicant. */
export interface ScreeningContext {
  readonly lists: WatchLists;
  /** `YYYY-MM-DD` */
  readonly today: string;
}

/** The findings of the basic check: the name or an alias is on a sanctions list, exactly except for case and alphabet. */
export function screenByExactName({ name, aliases = [] }: Applicant, { lists }: ScreeningContext) {
  const blackListed = [name, ...aliases].some((text) =>
    lists.persons.exact(readName(text)).some(({ list }) => list === "sanctions"),
  );
  return { blackListed, backgroundCheckPass: !blackListed };
}

/** The findings of the advanced check, in the order of the contract. Military training alone does not fail the check. */
export function screenFully(applicant: Applicant, { lists, today }: ScreeningContext) {
  const listed = listsWith(applicant, lists.persons);
  const failing = {
    blackListed: listed.has("sanctions"),
    restrictedNational: isRestrictedNational(applicant),
    suspiciousActivity: isSuspicious(applicant, today),
    interpolConductBad: listed.has("notices"),
    employmentBad: isEmploymentBad(applicant),
    creditUsageBad: isCreditUsageBad(applicant),
  };
  const { blackListed, restrictedNational, suspiciousActivity, interpolConductBad, ...ofFacts } = failing;
  return {
    blackListed,
    restrictedNational,
    suspiciousActivity,
    interpolConductBad,
    militaryTrained: isMilitaryTrained(applicant),
    ...ofFacts,
    backgroundCheckPass: Object.values(failing).every((found) => !found),
  };
}
