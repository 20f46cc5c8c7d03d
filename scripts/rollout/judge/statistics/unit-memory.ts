/** The number of units that are remembered for each mark: the latest ones. */
const REMEMBERED = 2048;

export type UnitState = Record<string, number[]>;

/**
 * Remembers which units (applicants, sessions) were marked lately, so that each counts once. Memory is constant: a
 * unit that returns after `REMEMBERED` others may count again.
 */
export class UnitMemory {
  readonly #marked = new Map<string, Set<number>>();

  /** Returns whether the unit has the mark for the first time. */
  first(unit: string, mark: string): boolean {
    let units = this.#marked.get(mark);
    if (units === undefined) this.#marked.set(mark, (units = new Set()));
    const key = Bun.hash.murmur32v3(unit);
    if (units.has(key)) return false;
    units.add(key);
    if (units.size > REMEMBERED) {
      for (const oldest of units) {
        units.delete(oldest);
        break;
      }
    }
    return true;
  }

  snapshot(): UnitState {
    return Object.fromEntries([...this.#marked].map(([mark, units]) => [mark, [...units]]));
  }

  restore(state: UnitState): void {
    this.#marked.clear();
    for (const [mark, units] of Object.entries(state)) this.#marked.set(mark, new Set(units));
  }
}
