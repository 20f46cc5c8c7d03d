/**
 * The candidate's share over time. While a split is written but not in force everywhere, the share is unknown, and the
 * outcomes of that time are not evidence for either side.
 */
export class Shares {
  #changes: { fromMs: number; share: number | undefined }[] = [];

  /** From now on this share is in force; undefined where it is not known. */
  set(fromMs: number, share: number | undefined): void {
    // Drops entries that were expected at a later time and did not take effect.
    this.#changes = this.#changes.filter((change) => change.fromMs < fromMs);
    this.#changes.push({ fromMs, share });
    // Sources report with a lag of minutes at most, so that older changes are not needed.
    if (this.#changes.length > 64) this.#changes = this.#changes.slice(-32);
  }

  /**
   * The share that was in force all the time from one moment to another, from 0 to 1. Undefined where it changed between
   * them, while a change was under way, and before the first.
   */
  during(fromMs: number, toMs: number): number | undefined {
    const first = this.#changes.findLast((change) => change.fromMs <= fromMs);
    const isSame = this.#changes.every(
      (change) => change.fromMs <= fromMs || change.fromMs > toMs || change.share === first?.share,
    );
    return isSame ? first?.share : undefined;
  }
}
