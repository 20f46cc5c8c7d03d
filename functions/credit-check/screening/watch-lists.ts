import { basename, dirname, join } from "node:path";
import { BrokenList, type ListedPerson } from "./listed-person.ts";
import { indexNames, type NameIndex } from "./name-index.ts";
import { readPlainList } from "./read-plain-list.ts";
import { type ListFile, readSdn } from "./read-sdn.ts";
import { Turns } from "./turns.ts";

/** The lists in force. */
export interface WatchLists {
  readonly persons: NameIndex<ListedPerson>;
  readonly count: number;
  /** The first 12 hexadecimal digits of the SHA-256 of all files: the same lists have the same version. */
  readonly version: string;
  /** When the newest of the files was changed: ISO 8601; undefined without files. */
  readonly date: string | undefined;
}

/** A file of a list. */
export interface FoundFile extends ListFile {
  /** Milliseconds since 1970. */
  readonly changedAt: number;
}

/** Empty lists. */
export const NO_LISTS: WatchLists = {
  persons: await indexNames([]),
  count: 0,
  version: "none",
  date: undefined,
};

/**
 * Reads lists in slices between other work, because 20,000 names take a second. A file named `sdn.csv` is OFAC's, with
 * `alt.csv` of the same folder; any other is a plain list.
 * @throws {BrokenList} with file and line
 */
export async function readWatchLists(files: readonly FoundFile[]): Promise<WatchLists> {
  if (files.length === 0) return NO_LISTS;
  const turns = new Turns();
  const persons: ListedPerson[] = [];
  for (const found of files) {
    const folder = dirname(found.file);
    const name = basename(found.file);
    const beside = (other: string) => files.find(({ file }) => file === join(folder, other));
    if (name === "alt.csv") {
      if (beside("sdn.csv") !== undefined) continue;
      throw new BrokenList(found.file, 1, "the further names of OFAC's list are given without its sdn.csv");
    }
    const read =
      name === "sdn.csv" ? await readSdn(found, beside("alt.csv"), turns) : await readPlainList(found, turns);
    for (const person of read) persons.push(person);
  }
  const hash = new Bun.CryptoHasher("sha256");
  for (const { text } of files) hash.update(text);
  const entries = persons.map((owner) => ({ owner, names: owner.names }));
  return {
    persons: await indexNames(entries, turns),
    count: persons.length,
    version: hash.digest("hex").slice(0, 12),
    date: new Date(Math.max(...files.map(({ changedAt }) => changedAt))).toISOString(),
  };
}
