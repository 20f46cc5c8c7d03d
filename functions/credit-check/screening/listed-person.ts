/** The kinds of list: persons under sanctions, and persons with police notices. */
export type ListKind = "sanctions" | "notices";

/** A person on a list. Entities, vessels and aircraft are ignored, because an applicant is a person. */
export interface ListedPerson {
  readonly list: ListKind;
  /** All names in the list, the primary one first. */
  readonly names: readonly string[];
  /** `YYYY-MM-DD`, `YYYY-MM` or `YYYY`, as precise as the list; several if it is uncertain. */
  readonly birthDates: readonly string[];
  /** ISO 3166-1 alpha-2. */
  readonly nationalities: readonly string[];
}

/** A list that cannot be read, with file and line. */
export class BrokenList extends Error {
  override name = "BrokenList";

  constructor(file: string, line: number, wrong: string) {
    super(`${file}:${line}: ${wrong}`);
  }
}
