import { seededRandom } from "../../traffic/random.ts";
import type { Observation } from "./judging.ts";

/**
 * The requests by which counters grew between two reads, in a random order. Counters come sorted by
 * revision and by latency, and the judge would take that order for a fact: it checks whether both revisions
 * are reported. The true order is unknown and every order is equally likely.
 * The same batch always gets the same order, so that a decision can be reproduced.
 */
export function shuffled(batch: readonly Observation[]): Observation[] {
  const each = batch.flatMap((observation) =>
    Array.from({ length: observation.count }, () => ({ ...observation, count: 1 })),
  );
  const random = seededRandom(Math.trunc(batch[0]?.atMs ?? 0) % 2 ** 31);
  for (let i = each.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [each[i], each[j]] = [each[j] as Observation, each[i] as Observation];
  }
  return each;
}
