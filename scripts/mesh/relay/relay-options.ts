import type { Tracer } from "../../../functions/shared/tracing/tracer.ts";
import type { Hop } from "../../traffic/resolve.ts";
import type { LocalListener, RouteTable } from "../../traffic/table.ts";
import type { HttpClient } from "../http/client.ts";
import type { Reservation } from "../revisions/request-queue.ts";
import type { AnswerReader } from "./answer-reader.ts";

/** The report of a finished request. */
export interface Served {
  /** Where it entered; `ingress` for each port of a gateway. */
  listener: LocalListener;
  method: string;
  target: string;
  /** The request's `x-request-id`, which every request made on its behalf carries as well; empty where there is none yet. */
  requestId: string;
  /** The value of a header of the request, as it was routed first. */
  header(name: string): string | undefined;
  /** `namespace/name` of the revision that the request went to, if it went to one. */
  revision: string | undefined;
  /** 0 without a response, because the client closed the connection before or its body was malformed. */
  status: number;
  ms: number;
  /** Whether the response was completed; if not, the client or the revision closed the connection within it. */
  complete: boolean;
  /** The side that closed the connection before the response was complete. */
  brokenBy: "client" | "revision" | undefined;
  /** Whether the request waited for a process to start; then its duration is no evidence about the revision. */
  cold: boolean;
  /** The rules that the last try followed, from outside in. */
  hops: readonly Hop[];
  /** The content of the revision's answer, where it is wanted. */
  answer?: AnswerReader | undefined;
}

/** One state of the configuration. A request is served by the generation in force when it arrives. */
export interface Generation {
  table: RouteTable;
  /**
   * Reserves a slot at a revision for one request; pending while the revision starts or has no free slot.
   * @param tried processes that failed the request before, and get it again only when no other can take it
   * @param key of requests that stay on one process
   */
  reserve(revision: string, tried?: ReadonlySet<HttpClient>, key?: string): Reservation;
  /** How long a revision may take until its response begins (its timeoutSeconds). */
  revisionTimeoutMs(revision: string): number;
}

/** Calls back after so many milliseconds, unless the returned function is called before. */
export type StartTimer = (ms: number, then: () => void) => () => void;

export interface RelayOptions {
  /** The generation in force. */
  generation(): Generation;
  random(): number;
  newRequestId(): string;
  /** The location of a redirect by a rule, as the caller finds it. @default as it is */
  locate?(location: string): string;
  /** Times injected delays and waits before retries. @default the runtime's timers */
  startTimer?: StartTimer;
  onServed(served: Served): void;
  /** What reads the answers of a revision; undefined where nothing of them is wanted. */
  readAnswer?(revision: string): AnswerReader | undefined;
  /** Begins the span of a request; undefined where traces are not exported. */
  tracer?: Tracer | undefined;
}
