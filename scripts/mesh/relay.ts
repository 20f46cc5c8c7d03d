import { HeaderList } from "../traffic/headers.ts";
import { type Hop, type Resolution, resolve, type RoutedRequest } from "../traffic/resolve.ts";
import type { Listener, RouteTable } from "../traffic/table.ts";
import type { HttpClient, ResponseHandler, UpstreamFailure, UpstreamRequest } from "./http/client.ts";
import { type Framing, removeHopByHop, type ResponseHead } from "./http/head.ts";
import { type Exchange, latin1 } from "./http/server.ts";
import { RequestBody } from "./request-body.ts";
import { type Outcome, retryingHop } from "./retry.ts";

/** What is told of a request when it is over. */
export interface Served {
  listener: Listener;
  method: string;
  target: string;
  /** `namespace/name` of the revision that the request went to, if it went to one. */
  revision: string | undefined;
  status: number;
  ms: number;
  /** Whether the answer was completed; if not, the client or the revision went away within it. */
  complete: boolean;
}

/** One state of the configuration: a request is served by the state that it met, whatever changes meanwhile. */
export interface Generation {
  table: RouteTable;
  /** The way to a revision; a promise while it is being started, rejected with a reason when it cannot be. */
  client(revision: string): HttpClient | Promise<HttpClient>;
  /** How long a revision may take for an answer (its timeoutSeconds). */
  revisionTimeoutMs(revision: string): number;
}

export interface RelayOptions {
  /** The state of the configuration that is in force. */
  generation(): Generation;
  random(): number;
  newRequestId(): string;
  onServed(served: Served): void;
}

/** Carries one request from a listener to the revision that the routes choose, and the answer back. */
export function relay(exchange: Exchange, listener: Listener, options: RelayOptions): void {
  new Relay(exchange, listener, options).start();
}

// Envoy and the queue proxy use these between themselves; a revision never sees them.
const INTERNAL_HEADERS = ["knative-serving-namespace", "knative-serving-revision"];

const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

class Relay {
  readonly #exchange: Exchange;
  readonly #listener: Listener;
  readonly #options: RelayOptions;
  readonly #generation: Generation;
  readonly #body: RequestBody;
  readonly #startedAt = performance.now();

  #resolution: Resolution | undefined;
  #retries: number[] = [];
  #upstream: UpstreamRequest | undefined;
  #over = false;
  #status = 0;

  #timeoutMs: number | undefined;
  #deadline: Timer | undefined;
  #tryDeadline: Timer | undefined;

  constructor(exchange: Exchange, listener: Listener, options: RelayOptions) {
    this.#exchange = exchange;
    this.#listener = listener;
    this.#options = options;
    this.#generation = options.generation();
    this.#body = new RequestBody(exchange, () => this.#startClock());
  }

  start(): void {
    const { method, target, authority, headers } = this.#exchange.request;
    removeHopByHop(headers);
    const forwarded = headers.joined("x-forwarded-for");
    headers.set("x-forwarded-for", forwarded ? `${forwarded},${this.#exchange.peer}` : this.#exchange.peer);
    // At the edge what a client claims about its own connection does not count; within the cluster it is kept.
    if (this.#listener === "ingress" || !headers.get("x-forwarded-proto"))
      headers.set("x-forwarded-proto", "http");
    if (!headers.get("x-request-id")) headers.set("x-request-id", this.#options.newRequestId());
    this.#exchange.onAbort = () => this.#finish(false);
    this.#route(this.#listener, { method, target, authority, headers }, []);
  }

  #route(listener: Listener, request: RoutedRequest, earlier: readonly Hop[]): void {
    const resolution = resolve(this.#generation.table, listener, request, this.#options.random, earlier);
    this.#resolution = resolution;
    if (resolution.kind === "nowhere") return this.#reply(resolution.status, resolution.reason);
    if (resolution.kind === "redirect") {
      return this.#reply(resolution.status, "", new HeaderList(["location", resolution.location]));
    }
    for (const name of INTERNAL_HEADERS) resolution.request.headers.remove(name);
    this.#timeoutMs ??= this.#shortestTimeout(resolution.revision);
    // Timeouts count from the moment at which the request is complete, as Envoy's do.
    if (this.#exchange.requestFraming.kind === "none") this.#startClock();
    const client = this.#generation.client(resolution.revision);
    if (!(client instanceof Promise)) return this.#send(client, resolution.request, false);
    client.then(
      (ready) => this.#over || this.#send(ready, resolution.request, false),
      (reason: unknown) =>
        this.#over || this.#reply(503, reason instanceof Error ? reason.message : String(reason)),
    );
  }

  #send(client: HttpClient, request: RoutedRequest, fresh: boolean): void {
    const fields = `${request.headers.toString()}${this.#body.framingField}`;
    const head = `${request.method} ${request.target} HTTP/1.1\r\n${fields}\r\n`;
    const handler: ResponseHandler = {
      onHead: (answer, answerFraming) => this.#onHead(answer, answerFraming),
      onData: (content) => this.#onData(content),
      onFlush: () => this.#exchange.flush(),
      onEnd: () => {
        this.#finish(true);
        this.#exchange.end();
      },
      onFailure: (failure) => this.#onFailure(failure, client, request),
    };
    this.#upstream = client.send(request.method, latin1(head, undefined, ""), handler, fresh);
    const perTry = smallest(this.#hops(), (hop) => retryOf(hop)?.perTryTimeoutMs);
    if (perTry !== undefined) this.#tryDeadline = setTimeout(() => this.#onTryTimeout(), perTry);
    this.#body.sendTo(this.#upstream);
  }

  #startClock(): void {
    const timeout = this.#timeoutMs;
    if (this.#over || timeout === undefined || this.#deadline !== undefined) return;
    this.#deadline = setTimeout(() => this.#onTimeout(timeout), timeout);
  }

  #shortestTimeout(revision: string): number {
    const ofRoutes = smallest(this.#hops(), ({ rule }) =>
      rule.action.kind === "forward" ? rule.action.timeoutMs : undefined,
    );
    return Math.min(ofRoutes ?? Number.POSITIVE_INFINITY, this.#generation.revisionTimeoutMs(revision));
  }

  #onHead(head: ResponseHead, framing: Framing): void {
    clearTimeout(this.#tryDeadline);
    if (this.#tryAgain({ status: head.status })) return;
    this.#status = head.status;
    removeHopByHop(head.headers);
    this.#changeResponse(head.headers);
    this.#exchange.respond(head.status, head.reason, head.headers, framing);
  }

  #onData(content: Buffer): void {
    this.#exchange.write(content);
    if (!this.#exchange.congested) return;
    this.#upstream?.pause();
    this.#exchange.whenDrained(() => this.#upstream?.resume());
  }

  #onFailure(failure: UpstreamFailure, client: HttpClient, request: RoutedRequest): void {
    this.#leaveUpstream();
    if (this.#exchange.answered) return this.#breakOff();
    // The revision closed a kept connection just as it was used: it never saw the request (RFC 9110 section 9.2.2).
    const unseen = failure.kind === "closed" && failure.reused && IDEMPOTENT.has(request.method);
    if (unseen && this.#body.repeatable) return this.#send(client, request, true);
    if (this.#tryAgain({ failure: failure.kind })) return;
    this.#reply(failure.kind === "malformed" ? 502 : 503, this.#describe(failure));
  }

  #onTryTimeout(): void {
    this.#leaveUpstream();
    if (!this.#tryAgain({ status: 504 }))
      this.#reply(504, "the revision did not answer within perTryTimeout");
  }

  #onTimeout(ms: number): void {
    this.#leaveUpstream();
    if (this.#exchange.answered) return this.#breakOff();
    this.#reply(504, `the revision did not answer within ${ms} ms`);
  }

  /** Sends the request again where a rule says so; whether it did. */
  #tryAgain(outcome: Outcome): boolean {
    const hops = this.#hops();
    const depth = this.#body.repeatable ? retryingHop(hops, this.#retries, outcome) : undefined;
    const before = depth === undefined ? undefined : hops[depth]?.before;
    if (depth === undefined || before === undefined) return false;
    this.#leaveUpstream();
    this.#retries[depth] = (this.#retries[depth] ?? 0) + 1;
    this.#retries.length = depth + 1;
    this.#route(before.listener, before.request, hops.slice(0, depth));
    return true;
  }

  #reply(status: number, text: string, headers = new HeaderList()): void {
    this.#status = status;
    this.#changeResponse(headers);
    this.#finish(true);
    this.#exchange.reply(status, text, headers);
  }

  /** The routes' changes to an answer, from the innermost hop outwards; the mesh's own answers get them too, as Envoy's do. */
  #changeResponse(headers: HeaderList): void {
    const hops = this.#hops();
    for (let depth = hops.length - 1; depth >= 0; depth--) {
      const hop = hops[depth] as Hop;
      if (hop.destination) headers.apply(hop.destination.response);
      headers.apply(hop.rule.action.response);
    }
  }

  #finish(complete: boolean): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#deadline);
    clearTimeout(this.#tryDeadline);
    if (!complete) this.#leaveUpstream();
    const { method, target } = this.#exchange.request;
    const revision = this.#resolution?.kind === "revision" ? this.#resolution.revision : undefined;
    const ms = performance.now() - this.#startedAt;
    this.#options.onServed({
      listener: this.#listener,
      method,
      target,
      revision,
      status: this.#status,
      ms,
      complete,
    });
  }

  /** Gives up the request to the revision; harmless when that has ended by itself. */
  #leaveUpstream(): void {
    clearTimeout(this.#tryDeadline);
    this.#body.detach();
    this.#upstream?.abort();
    this.#upstream = undefined;
  }

  /** Ends an answer that cannot be completed, so that the client sees it. */
  #breakOff(): void {
    this.#finish(false);
    this.#exchange.breakOff();
  }

  #hops(): readonly Hop[] {
    return this.#resolution?.hops ?? [];
  }

  #describe(failure: UpstreamFailure): string {
    const revision = this.#resolution?.kind === "revision" ? this.#resolution.revision : "the revision";
    switch (failure.kind) {
      case "refused":
        return `${revision} does not accept connections`;
      case "malformed":
        return `${revision} did not answer in HTTP: ${failure.message}`;
      case "closed":
      case "broken":
        return `${revision} closed the connection before it answered`;
    }
  }
}

function retryOf(hop: Hop): { perTryTimeoutMs: number | undefined } | undefined {
  return hop.rule.action.kind === "forward" ? hop.rule.action.retry : undefined;
}

function smallest(hops: readonly Hop[], of: (hop: Hop) => number | undefined): number | undefined {
  let least: number | undefined;
  for (const hop of hops) {
    const value = of(hop);
    if (value !== undefined && (least === undefined || value < least)) least = value;
  }
  return least;
}
