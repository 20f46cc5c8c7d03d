/**
 * Which share of the requests the candidate had at which time. While a split is written and not in force everywhere,
 * nobody can tell, and what is answered then is no evidence for either side.
 */
export class Shares {
  #changes: { fromMs: number; share: number | undefined }[] = [];

  /** From now on this share is in force; undefined where it is not known. */
  set(fromMs: number, share: number | undefined): void {
    // What was to come into force later, and did not, is forgotten.
    this.#changes = this.#changes.filter((change) => change.fromMs < fromMs);
    this.#changes.push({ fromMs, share });
    // Outcomes are told soon: what was in force long ago is asked for no more.
    if (this.#changes.length > 64) this.#changes = this.#changes.slice(-32);
  }

  /** The share in force at a time, from 0 to 1; undefined while a change was under way, and before the first. */
  at(ms: number): number | undefined {
    return this.#changes.findLast(({ fromMs }) => fromMs <= ms)?.share;
  }
}
