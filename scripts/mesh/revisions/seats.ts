import type { HttpClient } from "../http/client.ts";
import { Meter } from "./meter.ts";
import { type Place, refused, type Seat } from "./seat.ts";

export interface SeatsOptions {
  /** Whose places these are, for what a refused request is told. */
  name: string;
  /** How many requests one process gets at a time; infinity for no limit. */
  limit: number;
  /** How many requests may wait for a place. */
  maxWaiting: number;
  clock(): number;
}

/** The places of one process. */
export interface Row {
  readonly client: HttpClient;
  taken: number;
  /** Set when no more requests go there; called when the last one is over. */
  onEmpty: (() => void) | undefined;
}

interface Waiter {
  cold: boolean;
  resolve(seat: Seat): void;
  reject(reason: Error): void;
}

/**
 * Gives the requests to a revision their places: at the process that has the fewest, never above the limit of one,
 * and in the order in which they came when they have to wait.
 */
export class Seats {
  readonly #name: string;
  readonly #limit: number;
  readonly #maxWaiting: number;
  readonly #meter: Meter;
  #rows: readonly Row[] = [];
  readonly #waiting = new Set<Waiter>();
  #onNoneWaiting: (() => void)[] = [];

  constructor({ name, limit, maxWaiting, clock }: SeatsOptions) {
    this.#name = name;
    this.#limit = limit;
    this.#maxWaiting = maxWaiting;
    this.#meter = new Meter(clock);
  }

  /** How many processes take requests. */
  get open(): number {
    return this.#rows.length;
  }

  /** Requests under way and waiting now. */
  get requests(): number {
    return this.#meter.count;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** The mean number of requests, waiting ones too, since this was last asked. */
  readLoad(): number {
    return this.#meter.read();
  }

  /** @param tried processes that get the request only where no other has a place */
  take(tried?: ReadonlySet<HttpClient>): Place {
    const row = this.#waiting.size === 0 ? this.#freest(tried) : undefined;
    if (row !== undefined) {
      this.#meter.change(1);
      return this.#sit(row, false);
    }
    if (this.#waiting.size >= this.#maxWaiting) {
      return refused(`the queue of ${this.#name} is full: ${this.#maxWaiting} requests wait already`);
    }
    return this.#wait();
  }

  /** Lets requests go to one more process, those that wait first. */
  add(client: HttpClient): Row {
    const row: Row = { client, taken: 0, onEmpty: undefined };
    this.#rows = [...this.#rows, row];
    this.#admit();
    return row;
  }

  /** Sends no more requests to a process; resolves when those it has are over. */
  remove(row: Row): Promise<void> {
    this.#rows = this.#rows.filter((other) => other !== row);
    if (row.taken === 0) return Promise.resolve();
    return new Promise((resolve) => (row.onEmpty = resolve));
  }

  /** Sends all that wait away. */
  refuse(reason: string): void {
    for (const waiter of this.#waiting) {
      this.#meter.change(-1);
      waiter.reject(new Error(reason));
    }
    this.#waiting.clear();
    this.#tellNoneWaiting();
  }

  /** Resolves when no request waits. */
  noneWaiting(): Promise<void> {
    if (this.#waiting.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onNoneWaiting.push(resolve));
  }

  #wait(): Place {
    const { promise, resolve, reject } = Promise.withResolvers<Seat>();
    const waiter: Waiter = { cold: this.#rows.length === 0, resolve, reject };
    this.#meter.change(1);
    this.#waiting.add(waiter);
    const leave = (): void => {
      if (!this.#waiting.delete(waiter)) return;
      this.#meter.change(-1);
      this.#tellNoneWaiting();
    };
    return { client: undefined, seat: promise, leave };
  }

  #sit(row: Row, cold: boolean): Seat {
    row.taken++;
    let isTaken = true;
    const leave = (): void => {
      if (!isTaken) return;
      isTaken = false;
      this.#leave(row);
    };
    return { client: row.client, cold, leave };
  }

  #leave(row: Row): void {
    row.taken--;
    this.#meter.change(-1);
    if (this.#waiting.size > 0) this.#admit();
    if (row.taken === 0) row.onEmpty?.();
  }

  #admit(): void {
    for (const waiter of this.#waiting) {
      const row = this.#freest();
      if (row === undefined) return;
      this.#waiting.delete(waiter);
      waiter.resolve(this.#sit(row, waiter.cold));
    }
    this.#tellNoneWaiting();
  }

  #tellNoneWaiting(): void {
    if (this.#waiting.size > 0) return;
    for (const tell of this.#onNoneWaiting.splice(0)) tell();
  }

  /** The process with the fewest requests, if it has a place; none of those tried, if another has one. */
  #freest(tried?: ReadonlySet<HttpClient>): Row | undefined {
    if (tried !== undefined && tried.size > 0) {
      const others = this.#rows.filter(({ client }) => !tried.has(client));
      return freest(others, this.#limit) ?? this.#freest();
    }
    return freest(this.#rows, this.#limit);
  }
}

function freest(rows: readonly Row[], limit: number): Row | undefined {
  let found = rows[0];
  for (let i = 1; i < rows.length; i++) {
    const row = rows[i] as Row;
    if (found === undefined || row.taken < found.taken) found = row;
  }
  return found !== undefined && found.taken < limit ? found : undefined;
}
