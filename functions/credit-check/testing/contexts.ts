import type { ScreeningContext } from "../rules/screen.ts";
import { NO_LISTS, readWatchLists } from "../screening/watch-lists.ts";

const TODAY = "2026-01-02";

/** A context with empty lists. */
export const withoutLists = (): ScreeningContext => ({ lists: NO_LISTS, today: TODAY });

/** A plain list with these records, given without the header. */
export async function withPersons(...records: string[]): Promise<ScreeningContext> {
  const text = ["list,name,aliases,dateOfBirth,nationality", ...records].join("\n");
  return { lists: await readWatchLists([{ file: "persons.csv", text, changedAt: 0 }]), today: TODAY };
}
