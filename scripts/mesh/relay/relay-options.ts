import type { Tracer } from "../../../functions/shared/tracing/tracer.ts";
import type { Hop } from "../../traffic/resolve.ts";
import type { LocalListener, RouteTable } from "../../traffic/table.ts";
import type { HttpClient } from "../http/client.ts";
import type { Reservation } from "../revisions/request-queue.ts";
import type { AnswerReader } from "./answer-reader.ts";

/** The report of a finished request. */
export interface Served {
  /** The listener at which it entered; `ingress` for each port of a gateway. */
  listener: LocalListener;
  method: string;
  target: string;
  /** The request's `x-request-id`, which the requests made on its behalf carry as well; empty before it has one. */
  requestId: string;
  /** Returns a header of the request as it was first routed. */
  header(name: string): string | undefined;
  /** `namespace/name` of the revision that got the request, if any. */
  revision: string | undefined;
  /** 0 if there was no response: the client disconnected before, or its body was malformed. */
  status: number;
  ms: number;
  /** Whether the response was completed; if not, the client or the revision closed the connection before its end. */
  complete: boolean;
  /** The side that closed the connection before the response was complete. */
  brokenBy: "client" | "revision" | undefined;
  /** Whether the request waited for a process to start, so that its duration is not evidence about the revision. */
  cold: boolean;
  /** The rules that the last try followed, from outside in. */
  hops: readonly Hop[];
  /** The content of the revision's response, if it is collected. */
  answer?: AnswerReader | undefined;
}

/** One state of the configuration. The generation in force on arrival serves a request. */
export interface Generation {
  table: RouteTable;
  /**
   * Reserves a slot at a revision for one request. The reservation is pending while the revision starts or has no
   * free slot.
   * @param tried processes that failed the request before; they get it again only if no other process is free
   * @param key keeps requests with the same key on one process
   */
  reserve(revision: string, tried?: ReadonlySet<HttpClient>, key?: string): Reservation;
  /** How long a revision may take to begin its response (its timeoutSeconds). */
  revisionTimeoutMs(revision: string): number;
}

/** Calls back after `ms` milliseconds unless the returned function is called first. */
export type StartTimer = (ms: number, then: () => void) => () => void;

export interface RelayOptions {
  /** The generation in force. */
  generation(): Generation;
  random(): number;
  newRequestId(): string;
  /** Translates the location of a redirect for the caller. @default unchanged */
  locate?(location: string): string;
  /** Times injected delays and waits before retries. @default the runtime's timers */
  startTimer?: StartTimer;
  onServed(served: Served): void;
  /** Returns a reader for the responses of a revision; undefined if none of their fields is needed. */
  readAnswer?(revision: string): AnswerReader | undefined;
  /** Begins the span of a request; undefined if traces are not exported. */
  tracer?: Tracer | undefined;
}
