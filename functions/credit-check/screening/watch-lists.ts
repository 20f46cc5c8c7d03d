import { basename, dirname, join } from "node:path";
import { BrokenList, type ListedPerson } from "./listed-person.ts";
import { indexNames, type NameIndex } from "./name-index.ts";
import { readPlainList } from "./read-plain-list.ts";
import { type ListFile, readSdn } from "./read-sdn.ts";

/** Lists that are read and in force. */
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

/** No lists, and so no one on them. */
export const NO_LISTS: WatchLists = { persons: indexNames([]), count: 0, version: "none", date: undefined };

/**
 * Reads lists. A file named `sdn.csv` is OFAC's, with `alt.csv` of the same folder; any other is a plain list.
 * @throws {BrokenList} with file and line
 */
export function readWatchLists(files: readonly FoundFile[]): WatchLists {
  if (files.length === 0) return NO_LISTS;
  const persons = files.flatMap((found) => {
    const folder = dirname(found.file);
    if (basename(found.file) === "alt.csv") {
      if (files.some(({ file }) => file === join(folder, "sdn.csv"))) return [];
      throw new BrokenList(found.file, 1, "the further names of OFAC's list are given without its sdn.csv");
    }
    if (basename(found.file) !== "sdn.csv") return readPlainList(found);
    return readSdn(
      found,
      files.find(({ file }) => file === join(folder, "alt.csv")),
    );
  });
  const hash = new Bun.CryptoHasher("sha256");
  for (const { text } of files) hash.update(text);
  return {
    persons: indexNames(persons.map((owner) => ({ owner, names: owner.names }))),
    count: persons.length,
    version: hash.digest("hex").slice(0, 12),
    date: new Date(Math.max(...files.map(({ changedAt }) => changedAt))).toISOString(),
  };
}
