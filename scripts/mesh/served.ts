import type { Hop } from "../traffic/resolve.ts";
import type { Listener, RouteTable } from "../traffic/table.ts";
import type { Later } from "./relay/deadline.ts";
import type { HttpClient } from "./http/client.ts";
import type { Place } from "./revisions/seat.ts";

/** What is told of a request when it is over. */
export interface Served {
  listener: Listener;
  method: string;
  target: string;
  /** `namespace/name` of the revision that the request went to, if it went to one. */
  revision: string | undefined;
  /** 0 when there was none, because the client went away before, or spoilt its own body. */
  status: number;
  ms: number;
  /** Whether the answer was completed; if not, the client or the revision went away within it. */
  complete: boolean;
  /** Who went away when it was not complete; undefined when it was. */
  brokenBy: "client" | "revision" | undefined;
  /** Whether the request waited for a process to start: its time says nothing about the revision then. */
  cold: boolean;
  /** The rules that led there, from outside in; those of the last try. */
  hops: readonly Hop[];
}

/** One state of the configuration: a request is served by the state that it met, whatever changes meanwhile. */
export interface Generation {
  table: RouteTable;
  /**
   * A place at a revision for one request; a pending one while the revision is being started, or has no place free.
   * @param tried processes that failed the request already, and get it again only where no other can take it
   */
  seat(revision: string, tried?: ReadonlySet<HttpClient>): Place;
  /** How long a revision may take for an answer (its timeoutSeconds). */
  revisionTimeoutMs(revision: string): number;
}

export interface RelayOptions {
  /** The state of the configuration that is in force. */
  generation(): Generation;
  random(): number;
  newRequestId(): string;
  /** Calls back after so many milliseconds, and gives what takes that back; by the runtime's timers without it. */
  later?: Later;
  onServed(served: Served): void;
}
