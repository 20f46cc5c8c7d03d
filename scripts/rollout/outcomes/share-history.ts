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
    const first = this.#changes.findLast((change) => change.fromMs <= fromMs);
    const isSame = this.#changes.every(
      (change) => change.fromMs <= fromMs || change.fromMs > toMs || change.share === first?.share,
    );
    return isSame ? first?.share : undefined;
  }
}
