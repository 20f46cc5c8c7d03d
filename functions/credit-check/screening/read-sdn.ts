import { countryCode } from "./country.ts";
import { BrokenList, type ListedPerson } from "./listed-person.ts";
import { type CsvRecord, readCsv } from "./read-csv.ts";
import { Turns } from "./turns.ts";

const SDN_FIELDS = 12;
const ALT_FIELDS = 5;
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** A file of a list: its name for messages, and its content. */
export interface ListFile {
  readonly file: string;
  readonly text: string;
}

/**
 * Reads OFAC's Specially Designated Nationals list: `sdn.csv`, and the further names in `alt.csv`. Neither has a header;
 * an empty field is `-0-`. Dates of birth and nationalities are in the remarks.
 * (https://ofac.treasury.gov, "SDN Data Formats", fields of SDN.CSV and ALT.CSV)
 * @throws {BrokenList} with file and line
 */
export async function readSdn(
  sdn: ListFile,
  alt: ListFile | undefined,
  turns = new Turns(),
): Promise<ListedPerson[]> {
  const aliases = new Map<string, string[]>();
  for (const { fields } of await records(alt, ALT_FIELDS, turns)) {
    const [number = "", , , name = ""] = fields;
    aliases.set(number, [...(aliases.get(number) ?? []), name]);
  }
  const persons: ListedPerson[] = [];
  for (const { fields } of await records(sdn, SDN_FIELDS, turns)) {
    await turns.take();
    const [number = "", name = "", type] = fields;
    if (type?.toLowerCase() !== "individual") continue;
    const remarks = fields[SDN_FIELDS - 1] ?? "";
    persons.push({
      list: "sanctions" as const,
      names: [name, ...(aliases.get(number) ?? [])],
      birthDates: [...remarks.matchAll(/\bDOB (?:circa )?([^;.]+)/g)].flatMap(([, date = ""]) =>
        birthDate(date),
      ),
      nationalities: [...remarks.matchAll(/\b(?:nationality|citizen) ([^;.]+)/g)].flatMap(
        ([, country = ""]) => countryCode(country) ?? [],
      ),
    });
  }
  return persons;
}

async function records(list: ListFile | undefined, fields: number, turns: Turns): Promise<CsvRecord[]> {
  if (list === undefined) return [];
  const read = await readCsv(list.file, list.text, turns);
  for (const record of read) {
    if (record.fields.length !== fields)
      throw new BrokenList(
        list.file,
        record.line,
        `${record.fields.length} fields, and ${fields} are expected`,
      );
    if (!/^\d+$/.test(record.fields[0] ?? ""))
      throw new BrokenList(list.file, record.line, "the first field is not a number");
  }
  return read;
}

/** `12 Mar 1960`, `Mar 1960` or `1960`, as `1960-03-12` and so on; ranges of years are ignored. */
function birthDate(text: string): string[] {
  const [, day, month, year] = /^(?:(?:(\d{1,2}) )?([A-Z][a-z]{2}) )?(\d{4})$/.exec(text.trim()) ?? [];
  if (year === undefined) return [];
  if (month === undefined) return [year];
  const number = MONTHS.indexOf(month.toLowerCase()) + 1;
  if (number === 0) return [];
  const withMonth = `${year}-${String(number).padStart(2, "0")}`;
  return [day === undefined ? withMonth : `${withMonth}-${day.padStart(2, "0")}`];
}
