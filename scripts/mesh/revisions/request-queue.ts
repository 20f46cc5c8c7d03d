import { hash } from "node:crypto";
import type { HttpClient } from "../http/client.ts";
import { ConcurrencyMeter } from "./concurrency-meter.ts";

/** A request's slot at one process of a revision. The process counts the request until the slot is released. */
export interface Slot {
  readonly client: HttpClient;
  /** Whether the request had to wait for a process to start. */
  readonly cold: boolean;
  /** Frees the slot for the next request after this one is over. Further calls have no effect. */
  release(): void;
}

/** A request that is held until a process has a free slot, as by Knative's activator. */
export interface PendingSlot {
  readonly client: undefined;
  /** Rejects with the reason if the revision does not accept the request. */
  readonly slot: Promise<Slot>;
  /** Leaves the queue; `slot` then stays pending. */
  release(): void;
}

/** The result of reserving a slot at a revision. */
export type Reservation = Slot | PendingSlot;

/** Returns the reservation of a request that no process serves. */
export function rejected(reason: string): PendingSlot {
  return { client: undefined, slot: Promise.reject(new Error(reason)), release() {} };
}

export interface RequestQueueOptions {
  /** The revision's name, for the reasons of rejected requests. */
  name: string;
  /** The most concurrent requests of one process; infinity for no limit. */
  limit: number;
  /** The most requests that may wait for a slot. */
  maxWaiting: number;
  /** Returns milliseconds that do not decrease. */
  clock(): number;
}

/** The slots of one process. */
export interface ProcessSlots {
  readonly client: HttpClient;
  /** The number of the process, counted from 1 for each revision. */
  readonly number: number;
  taken: number;
  /** Set when the process gets no more requests; called when its last request is over. */
  onEmpty: (() => void) | undefined;
}

/** Returns the place that owns a key: it owns the key as long as it exists, regardless of the other places. */
export function homeOf<T>(key: string, places: readonly T[], nameOf: (place: T) => string): T | undefined {
  let home: { place: T; rank: string } | undefined;
  for (const place of places) {
    const rank = hash("sha1", `${key}\n${nameOf(place)}`);
    if (home === undefined || rank > home.rank) home = { place, rank };
  }
  return home?.place;
}

interface Waiter {
  cold: boolean;
  resolve(slot: Slot): void;
  reject(reason: Error): void;
}

/**
 * Assigns the requests of a revision to its processes: to the process with the fewest requests, never above the limit
 * of one process, and in order of arrival if requests must wait.
 */
export class RequestQueue {
  readonly #name: string;
  readonly #limit: number;
  readonly #maxWaiting: number;
  readonly #meter: ConcurrencyMeter;
  #processes: readonly ProcessSlots[] = [];
  #added = 0;
  readonly #waiting = new Set<Waiter>();
  #onNoneWaiting: (() => void)[] = [];

  constructor({ name, limit, maxWaiting, clock }: RequestQueueOptions) {
    this.#name = name;
    this.#limit = limit;
    this.#maxWaiting = maxWaiting;
    this.#meter = new ConcurrencyMeter(clock);
  }

  /** The number of processes that accept requests. */
  get open(): number {
    return this.#processes.length;
  }

  /** Requests in flight and waiting now. */
  get requests(): number {
    return this.#meter.count;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Returns the mean number of requests, in flight and waiting, since the last call. */
  readLoad(): number {
    return this.#meter.read();
  }

  /**
   * @param tried processes that get the request only if no other has a free slot
   * @param key requests with one key go to the same process while it has a free slot
   */
  reserve(tried?: ReadonlySet<HttpClient>, key?: string): Reservation {
    const process =
      this.#waiting.size === 0 ? (this.#atHome(tried, key) ?? this.#leastBusy(tried)) : undefined;
    if (process !== undefined) {
      this.#meter.change(1);
      return this.#take(process, false);
    }
    if (this.#waiting.size >= this.#maxWaiting) {
      return rejected(`the queue of ${this.#name} is full: ${this.#maxWaiting} requests are waiting`);
    }
    return this.#wait();
  }

  /** Adds a process, which first serves waiting requests. */
  add(client: HttpClient): ProcessSlots {
    const process: ProcessSlots = { client, number: ++this.#added, taken: 0, onEmpty: undefined };
    this.#processes = [...this.#processes, process];
    this.#admit();
    return process;
  }

  /** Sends no more requests to a process. Resolves when its requests are over. */
  remove(process: ProcessSlots): Promise<void> {
    this.#processes = this.#processes.filter((other) => other !== process);
    if (process.taken === 0) return Promise.resolve();
    return new Promise((resolve) => (process.onEmpty = resolve));
  }

  /** Rejects all waiting requests. */
  rejectWaiting(reason: string): void {
    for (const waiter of this.#waiting) {
      this.#meter.change(-1);
      waiter.reject(new Error(reason));
    }
    this.#waiting.clear();
    this.#notifyNoneWaiting();
  }

  /** Resolves when no request waits. */
  noneWaiting(): Promise<void> {
    if (this.#waiting.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onNoneWaiting.push(resolve));
  }

  #wait(): Reservation {
    const { promise, resolve, reject } = Promise.withResolvers<Slot>();
    const waiter: Waiter = { cold: this.#processes.length === 0, resolve, reject };
    this.#meter.change(1);
    this.#waiting.add(waiter);
    const release = (): void => {
      if (!this.#waiting.delete(waiter)) return;
      this.#meter.change(-1);
      this.#notifyNoneWaiting();
    };
    return { client: undefined, slot: promise, release };
  }

  #take(process: ProcessSlots, cold: boolean): Slot {
    process.taken++;
    let isTaken = true;
    const release = (): void => {
      if (!isTaken) return;
      isTaken = false;
      this.#release(process);
    };
    return { client: process.client, cold, release };
  }

  #release(process: ProcessSlots): void {
    process.taken--;
    this.#meter.change(-1);
    if (this.#waiting.size > 0) this.#admit();
    if (process.taken === 0) process.onEmpty?.();
  }

  #admit(): void {
    for (const waiter of this.#waiting) {
      const process = this.#leastBusy();
      if (process === undefined) return;
      this.#waiting.delete(waiter);
      waiter.resolve(this.#take(process, waiter.cold));
    }
    this.#notifyNoneWaiting();
  }

  #notifyNoneWaiting(): void {
    if (this.#waiting.size > 0) return;
    for (const notify of this.#onNoneWaiting.splice(0)) notify();
  }

  /** Returns the process that owns a key, if it has a free slot and was not tried. */
  #atHome(tried: ReadonlySet<HttpClient> | undefined, key: string | undefined): ProcessSlots | undefined {
    if (key === undefined) return undefined;
    const untried = this.#processes.filter(({ client }) => tried?.has(client) !== true);
    const home = homeOf(key, untried, ({ number }) => String(number));
    return home !== undefined && home.taken < this.#limit ? home : undefined;
  }

  /** Returns the process with the fewest requests, if it has a free slot; preferably one not tried yet. */
  #leastBusy(tried?: ReadonlySet<HttpClient>): ProcessSlots | undefined {
    if (tried !== undefined && tried.size > 0) {
      const others = this.#processes.filter(({ client }) => !tried.has(client));
      return leastBusy(others, this.#limit) ?? this.#leastBusy();
    }
    return leastBusy(this.#processes, this.#limit);
  }
}

function leastBusy(processes: readonly ProcessSlots[], limit: number): ProcessSlots | undefined {
  let found = processes[0];
  for (const process of processes) {
    if (found === undefined || process.taken < found.taken) found = process;
  }
  return found !== undefined && found.taken < limit ? found : undefined;
}
