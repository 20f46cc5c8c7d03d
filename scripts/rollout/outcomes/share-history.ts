/**
 * The candidate's share over time. While a split is written but not in force everywhere, the share is unknown, and the
 * outcomes of that time are not evidence for either side.
 */
export class Shares {
  #changes: { fromMs: number; share: number | undefined }[] = [];

  /** Sets the share in force from now on; undefined if it is not known. */
  set(fromMs: number, share: number | undefined): void {
    // Drops entries with a later time, which did not take effect.
    this.#changes = this.#changes.filter((change) => change.fromMs < fromMs);
    this.#changes.push({ fromMs, share });
    // Sources report with a lag of minutes at most, so older changes are not needed.
    if (this.#changes.length > 64) this.#changes = this.#changes.slice(-32);
  }

  /**
   * Returns the share that was in force during a whole interval, from 0 to 1. Undefined if it changed in the
   * interval, while a change was in progress, and before the first.
   */
  during(fromMs: number, toMs: number): number | undefined {
    // Changes are in the order of their times. This is called for each request.
    const changes = this.#changes;
    let first = changes.length - 1;
    while (first >= 0 && (changes[first]?.fromMs ?? 0) > fromMs) first--;
    const share = changes[first]?.share;
    for (let i = first + 1; i < changes.length && (changes[i]?.fromMs ?? 0) <= toMs; i++)
      if (changes[i]?.share !== share) return undefined;
    return share;
  }
}
