import type { Applicant } from "../../shared/applicant.ts";
import { SAME_PERSON } from "../screening/compare-names.ts";
import type { ListedPerson, ListKind } from "../screening/listed-person.ts";
import { readName } from "../screening/name.ts";
import type { NameIndex } from "../screening/name-index.ts";

/** The required similarity of names without further data, and if dates of birth or nationalities agree or differ. */
const NEEDED = { supported: SAME_PERSON, unknown: 0.9, otherNationality: 0.99 } as const;

/**
 * The lists that match an applicant, by one look-up of each name: a name or alias is similar enough, and no date of birth
 * contradicts it. Persons can have several nationalities, so a different one only requires a more similar name.
 * (OFAC, "Assessing OFAC Name Matches": compare the full name, then date of birth and nationality.)
 */
export function listsWith(applicant: Applicant, persons: NameIndex<ListedPerson>): ReadonlySet<ListKind> {
  const found = [applicant.name, ...(applicant.aliases ?? [])].flatMap((name) =>
    persons.find(readName(name), SAME_PERSON),
  );
  return new Set(
    found
      .filter(({ owner, similarity }) => similarity >= needed(applicant, owner))
      .map(({ owner }) => owner.list),
  );
}

function needed(
  { dateOfBirth, nationality }: Applicant,
  { birthDates, nationalities }: ListedPerson,
): number {
  const bornThen =
    dateOfBirth === undefined || birthDates.length === 0
      ? undefined
      : birthDates.some((date) => dateOfBirth.startsWith(date) || isSlip(dateOfBirth, date));
  if (bornThen === false) return Number.POSITIVE_INFINITY;
  const isFromThere =
    nationality === undefined || nationalities.length === 0 ? undefined : nationalities.includes(nationality);
  if (isFromThere === false) return NEEDED.otherNationality;
  return bornThen === true || isFromThere === true ? NEEDED.supported : NEEDED.unknown;
}

/** Day and month are often swapped, and a list may be a year off. */
function isSlip(given: string, listed: string): boolean {
  const [year = "", month = "", day = ""] = given.split("-");
  if (listed === `${year}-${day}-${month}`) return true;
  return listed.length === 4 && Math.abs(Number(listed) - Number(year)) <= 1;
}
