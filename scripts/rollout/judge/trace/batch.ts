import { mixedSeed, seededRandom } from "../../../traffic/random.ts";
import type { Observation } from "../types.ts";

/** The most requests of a batch that are judged; of a larger batch a random sample is. */
const MOST = 20_000;

/**
 * Simultaneous observations, such as a scrape of counters. They have no order among each other. Counters are sorted
 * by revision and outcome, which must not be taken for the order of the requests, so they are judged in a random
 * order, the same for the same batch.
 */
export class Batch {
  readonly t: number;
  readonly #observations: Observation[] = [];
  #requests = 0;

  /** @param t seconds */
  constructor(t: number) {
    this.t = t;
  }

  add(observation: Observation): void {
    this.#observations.push(observation);
    if (observation.excluded === undefined) this.#requests += observation.count ?? 1;
  }

  /** Yields the requests one by one; those that are not judged come as one observation, with the reason. */
  *shuffled(): Generator<Observation> {
    const random = seededRandom(mixedSeed(Math.trunc(this.t * 1000)));
    const part = Math.min(1, MOST / this.#requests);
    const singles: Observation[] = [];
    for (const observation of this.#observations) {
      const { count = 1, excluded } = observation;
      if (excluded !== undefined) yield observation;
      else {
        const judged = part === 1 ? count : Math.floor(count * part + random());
        if (judged < count) yield { ...observation, count: count - judged, excluded: "sampled out" };
        for (let i = 0; i < judged; i++) singles.push(observation);
      }
    }
    for (let i = singles.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [singles[i], singles[j]] = [singles[j] as Observation, singles[i] as Observation];
    }
    for (const observation of singles)
      yield observation.count === undefined ? observation : { ...observation, count: 1 };
  }
}
