import { seededRandom } from "../../traffic/random.ts";
import type { Observation } from "./judging.ts";

/**
 * What counters have gained between two looks, request by request and in an order of chance. Counters come sorted, by
 * revision and by latency, and a judge that hears first of all fast answers of one revision and then of all slow ones of
 * the other takes the order for a fact: it asks whether both revisions are heard of. The true order is not known; any is
 * as likely as another. The same batch comes in the same order each time, so that a decision can be repeated.
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
