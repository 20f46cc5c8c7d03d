/** The changes of an Istio `headers` block: first removals, then sets, then adds. Names are in lower case. */
export interface HeaderChange {
  set: ReadonlyArray<readonly [name: string, value: string]>;
  add: ReadonlyArray<readonly [name: string, value: string]>;
  remove: readonly string[];
}

export const NO_CHANGE: HeaderChange = { set: [], add: [], remove: [] };

/** Combines two changes, since Envoy joins both in one list: the second may override headers that the first sets. */
export function bothChanges(first: HeaderChange, second: HeaderChange): HeaderChange {
  return {
    set: [...first.set, ...second.set],
    add: [...first.add, ...second.add],
    remove: [...first.remove, ...second.remove],
  };
}

/**
 * An ordered list of HTTP headers with lower-case names, as in Envoy: repeated names stay separate, and unchanged
 * fields keep their position. Stored flat, name and value alternating, because the mesh builds two of these for every
 * request.
 */
export class HeaderList {
  readonly #fields: string[];

  constructor(fields: string[] = []) {
    this.#fields = fields;
  }

  /** The first value of a name; the name must be lower case. */
  get(name: string): string | undefined {
    const fields = this.#fields;
    for (let i = 0; i < fields.length; i += 2) if (fields[i] === name) return fields[i + 1];
    return undefined;
  }

  /** Whether a field of this name has a value that passes a test. */
  some(name: string, holds: (value: string) => boolean): boolean {
    const fields = this.#fields;
    for (let i = 0; i < fields.length; i += 2) {
      if (fields[i] === name && holds(fields[i + 1] as string)) return true;
    }
    return false;
  }

  /** All values of a name joined by commas, which means the same (RFC 9110 section 5.3). */
  joined(name: string): string | undefined {
    const fields = this.#fields;
    let all: string | undefined;
    for (let i = 0; i < fields.length; i += 2) {
      if (fields[i] === name) all = all === undefined ? fields[i + 1] : `${all},${fields[i + 1]}`;
    }
    return all;
  }

  /** The number of fields of this name. */
  count(name: string): number {
    const fields = this.#fields;
    let n = 0;
    for (let i = 0; i < fields.length; i += 2) if (fields[i] === name) n++;
    return n;
  }

  /** Replaces every value of a name by one, in the place of the first. */
  set(name: string, value: string): void {
    const fields = this.#fields;
    for (let i = 0; i < fields.length; i += 2) {
      if (fields[i] !== name) continue;
      fields[i + 1] = value;
      this.#removeFrom(i + 2, name);
      return;
    }
    fields.push(name, value);
  }

  add(name: string, value: string): void {
    this.#fields.push(name, value);
  }

  remove(name: string): void {
    this.#removeFrom(0, name);
  }

  /**
   * Applies a change in Envoy's order: removals first, so that a name both removed and set has the value that is set.
   * (envoy, source/common/router/header_parser.cc, evaluateHeaders)
   */
  apply(change: HeaderChange): void {
    for (const name of change.remove) this.remove(name);
    for (const [name, value] of change.set) this.set(name, value);
    for (const [name, value] of change.add) this.add(name, value);
  }

  copy(): HeaderList {
    return new HeaderList(this.#fields.slice());
  }

  *[Symbol.iterator](): Generator<[name: string, value: string]> {
    const fields = this.#fields;
    for (let i = 0; i < fields.length; i += 2) yield [fields[i] as string, fields[i + 1] as string];
  }

  /** The fields as HTTP/1.1 writes them, each line ended, without the empty line that ends a head. */
  toString(): string {
    const fields = this.#fields;
    let text = "";
    for (let i = 0; i < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`;
    return text;
  }

  #removeFrom(start: number, name: string): void {
    const fields = this.#fields;
    let kept = start;
    for (let i = start; i < fields.length; i += 2) {
      if (fields[i] === name) continue;
      fields[kept] = fields[i] as string;
      fields[kept + 1] = fields[i + 1] as string;
      kept += 2;
    }
    fields.length = kept;
  }
}
