import { isCountry } from "./country.ts";
import { BrokenList, type ListedPerson } from "./listed-person.ts";
import { type CsvRecord, readCsv } from "./read-csv.ts";
import type { ListFile } from "./read-sdn.ts";
import { Turns } from "./turns.ts";

/** The header of a plain list; several values of a field are separated by semicolons. */
export const PLAIN_HEADER = ["list", "name", "aliases", "dateOfBirth", "nationality"] as const;

/**
 * Reads a plain list: a header, then one record per person.
 * @throws {BrokenList} with file and line
 */
export async function readPlainList({ file, text }: ListFile, turns = new Turns()): Promise<ListedPerson[]> {
  const [header, ...records] = await readCsv(file, text, turns);
  if (header?.fields.join() !== PLAIN_HEADER.join())
    throw new BrokenList(file, 1, `the header is not ${PLAIN_HEADER.join(",")}`);
  const persons: ListedPerson[] = [];
  for (const record of records) {
    persons.push(personIn(file, record));
    await turns.take();
  }
  return persons;
}

function personIn(file: string, { line, fields }: CsvRecord): ListedPerson {
  const [list = "", name = "", aliases = "", birthDates = "", nationalities = ""] = fields;
  const broken = (wrong: string): never => {
    throw new BrokenList(file, line, wrong);
  };
  if (list !== "sanctions" && list !== "notices") return broken("list is neither sanctions nor notices");
  if (name === "") return broken("name is empty");
  const person = {
    list,
    names: [name, ...several(aliases)],
    birthDates: several(birthDates),
    nationalities: several(nationalities),
  } as const;
  if (!person.birthDates.every((date) => /^\d{4}(-\d\d(-\d\d)?)?$/.test(date)))
    return broken("dateOfBirth is not YYYY-MM-DD, YYYY-MM or YYYY");
  if (!person.nationalities.every(isCountry))
    return broken("nationality is not a code of ISO 3166-1 alpha-2");
  return person;
}

function several(field: string): string[] {
  return field
    .split(";")
    .map((value) => value.trim())
    .filter((value) => value !== "");
}
