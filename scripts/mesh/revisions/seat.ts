import type { HttpClient } from "../http/client.ts";

/** A request's place at one process of a revision, which counts the request until it leaves. */
export interface Seat {
  readonly client: HttpClient;
  /** Whether the request had to wait for a process to start. */
  readonly cold: boolean;
  /** Gives the place to the next request; called when this one is over. Harmless when called again. */
  leave(): void;
}

/** A request that is held until a process can take it, as Knative's activator holds it. */
export interface PendingSeat {
  readonly client: undefined;
  /** Rejected with a reason when the revision will not take the request. */
  readonly seat: Promise<Seat>;
  /** The request no longer waits; `seat` stays open then. */
  leave(): void;
}

/** What a request gets that wants to go to a revision. */
export type Place = Seat | PendingSeat;

/** For a request that no process will take; the sentence says why. */
export function refused(reason: string): PendingSeat {
  return { client: undefined, seat: Promise.reject(new Error(reason)), leave() {} };
}
