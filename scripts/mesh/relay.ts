import { HeaderList } from "../traffic/headers.ts";
import { type Hop, type Resolution, resolve, type RoutedRequest } from "../traffic/resolve.ts";
import type { Listener, RouteTable } from "../traffic/table.ts";
import { Deadline } from "./deadline.ts";
import { describeFailure, statusAfter } from "./failure.ts";
import { addForwarded } from "./forwarded.ts";
import type { HttpClient, ResponseHandler, UpstreamFailure, UpstreamRequest } from "./http/client.ts";
import type { Exchange } from "./http/exchange.ts";
import { type Framing, removeHopByHop } from "./http/framing.ts";
import type { ResponseHead } from "./http/head.ts";
import { type BodyState, RequestBody } from "./request-body.ts";
import { Limits } from "./limits.ts";
import { addUpgrade, changeResponse, frameForRevision, headOf, isUpgrade, locationOf } from "./passage.ts";
import { sendCopy } from "./mirror.ts";
import { type Outcome, retryingHop } from "./retry.ts";
import type { Place, Seat } from "./revisions/seat.ts";

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
  /** A place at a revision for one request; a pending one while the revision is being started, or has no place free. */
  seat(revision: string): Place;
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
  #place: Place | undefined;
  #upstream: UpstreamRequest | undefined;
  #over = false;
  #status = 0;
  #cold = false;

  readonly #limits = new Limits(
    (sentence) => this.#onTimeout(sentence),
    () =>
      this.#tryAgain({ failure: "late" }) ||
      this.#onTimeout("the revision did not answer within perTryTimeout"),
  );
  /** A delay that a fault makes. */
  readonly #held = new Deadline();

  constructor(exchange: Exchange, listener: Listener, options: RelayOptions) {
    this.#exchange = exchange;
    this.#listener = listener;
    this.#options = options;
    this.#generation = options.generation();
    this.#body = new RequestBody(exchange, (state) => this.#onBody(state));
  }

  start(): void {
    const { method, target, authority, headers } = this.#exchange.request;
    addForwarded(headers, this.#exchange.peer, this.#listener, this.#options.newRequestId);
    if (isUpgrade(this.#exchange)) addUpgrade(headers);
    this.#exchange.onAbort = () => this.#finish("client");
    this.#exchange.onDrained = () => this.#upstream?.resume();
    this.#route(this.#listener, { method, target, authority, headers }, []);
  }

  #route(listener: Listener, request: RoutedRequest, earlier: readonly Hop[], again?: Hop): void {
    const resolution = resolve(this.#generation.table, listener, request, this.#options.random, {
      earlier,
      again,
    });
    this.#resolution = resolution;
    const revision = this.#revision();
    const revisionMs = revision === undefined ? undefined : this.#generation.revisionTimeoutMs(revision);
    this.#limits.set(resolution.hops, revisionMs ?? Number.POSITIVE_INFINITY);
    const made = resolution.hops.slice(earlier.length);
    const delayMs = made.reduce((sum, hop) => sum + hop.delayMs, 0);
    if (delayMs === 0) return this.#follow(resolution, made);
    this.#body.read();
    this.#held.clear();
    this.#held.start(delayMs, () => this.#follow(resolution, made));
  }

  /** @param made the hops that were made on this way, and not on an earlier one */
  #follow(resolution: Resolution, made: readonly Hop[]): void {
    for (const copy of made.flatMap(({ mirrored }) => mirrored)) {
      const shadow = sendCopy(copy, this.#exchange, this.#generation, this.#options.random);
      if (shadow !== undefined) this.#body.copyTo(shadow);
    }
    switch (resolution.kind) {
      case "nowhere":
        return this.#answer(resolution.status, resolution.reason);
      case "abort":
        return this.#answer(resolution.status, Buffer.from("fault filter abort"));
      case "direct":
        return this.#answer(resolution.status, resolution.body, locationOf(resolution));
      case "redirect":
        return this.#answer(resolution.status, "", locationOf(resolution));
      case "revision":
        return this.#goTo(resolution.revision, resolution.request);
    }
  }

  #goTo(revision: string, request: RoutedRequest): void {
    frameForRevision(request, this.#exchange);
    const place = this.#generation.seat(revision);
    this.#place = place;
    if (place.client !== undefined) return this.#send(place.client, request, false);
    this.#body.read();
    place.seat.then(
      (seat) => (this.#over ? seat.leave() : this.#sit(seat, request)),
      (reason: unknown) =>
        this.#over || this.#reply(503, reason instanceof Error ? reason.message : String(reason)),
    );
  }

  #sit(seat: Seat, request: RoutedRequest): void {
    this.#place = seat;
    this.#cold ||= seat.cold;
    this.#send(seat.client, request, false);
  }

  #send(client: HttpClient, request: RoutedRequest, fresh: boolean): void {
    const handler: ResponseHandler = {
      upgrades: isUpgrade(this.#exchange),
      onHead: (answer, framing) => this.#onHead(answer, framing),
      onData: (content) => this.#onData(content),
      onFlush: () => this.#exchange.flush(),
      onEnd: () => {
        this.#finish();
        this.#exchange.end();
      },
      onFailure: (failure) => this.#onFailure(failure, client, request),
      onDrained: () => (this.#status === 101 ? this.#exchange.resumeBody() : this.#body.onDrained()),
    };
    this.#upstream = client.send(request.method, headOf(request), handler, fresh);
    this.#body.sendTo(this.#upstream);
    if (this.#body.complete) this.#limits.startTry(this.#hops());
  }

  /**
   * Timeouts count from the moment at which the request is complete, as Envoy's do; and while a part of it waits here,
   * since a client whose bytes are not read cannot be seen to go away.
   */
  #onBody(state: BodyState): void {
    if (this.#over) return;
    if (state === "flowing") return this.#limits.stop();
    this.#limits.start();
    if (state === "complete" && this.#upstream !== undefined) this.#limits.startTry(this.#hops());
  }

  #onHead(head: ResponseHead, framing: Framing): void {
    this.#limits.endTry();
    if (this.#tryAgain({ status: head.status })) return;
    this.#limits.answered();
    this.#status = head.status;
    const upgrade = framing.kind === "tunnel" ? head.headers.joined("upgrade") : undefined;
    removeHopByHop(head.headers);
    if (upgrade !== undefined) head.headers.set("upgrade", upgrade);
    changeResponse(head.headers, this.#hops());
    this.#exchange.respond(head.status, head.reason, head.headers, framing);
    if (framing.kind === "tunnel") this.#openTunnel();
  }

  /** Both ways are open from now on, for as long as both sides like. */
  #openTunnel(): void {
    const upstream = this.#upstream;
    this.#limits.clear();
    this.#exchange.flush();
    this.#exchange.onAbort = () => {
      // In order: what the client said last shall still be read.
      upstream?.close();
      this.#finish();
    };
    this.#exchange.readTunnel((content) => {
      upstream?.write(content);
      if (upstream?.congested) this.#exchange.pauseBody();
    });
  }

  #onData(content: Buffer): void {
    this.#exchange.write(content);
    if (this.#exchange.congested) this.#upstream?.pause();
  }

  #onFailure(failure: UpstreamFailure, client: HttpClient, request: RoutedRequest): void {
    this.#leaveUpstream();
    if (this.#exchange.answered) return this.#breakOff();
    // The revision closed a kept connection just as it was used: it never saw the request (RFC 9110 section 9.2.2).
    const unseen = failure.kind === "closed" && failure.unused && IDEMPOTENT.has(request.method);
    if (unseen && this.#body.repeatable) return this.#send(client, request, true);
    if (this.#tryAgain({ failure: failure.kind })) return;
    this.#reply(statusAfter(failure.kind), describeFailure(failure, this.#revision() ?? "the revision"));
  }

  #onTimeout(sentence: string): void {
    this.#leaveUpstream();
    if (this.#exchange.answered) return this.#breakOff();
    this.#reply(504, sentence);
  }

  /** Sends the request again where a rule says so; whether it did. */
  #tryAgain(outcome: Outcome): boolean {
    const hops = this.#hops();
    const depth = this.#body.repeatable ? retryingHop(hops, this.#retries, outcome) : undefined;
    const hop = depth === undefined ? undefined : hops[depth];
    if (depth === undefined || hop?.before === undefined) return false;
    this.#leaveUpstream();
    this.#leavePlace();
    this.#retries[depth] = (this.#retries[depth] ?? 0) + 1;
    this.#retries.length = depth + 1;
    const { listener, request } = hop.before;
    this.#route(listener, request, hops.slice(0, depth), hop);
    return true;
  }

  /** An answer of a rule: what comes before it on the way may send the request again. */
  #answer(status: number, content: string | Uint8Array, headers?: HeaderList): void {
    if (!this.#tryAgain({ status })) this.#reply(status, content, headers);
  }

  #reply(status: number, content: string | Uint8Array, headers = new HeaderList()): void {
    this.#status = status;
    changeResponse(headers, this.#hops());
    this.#finish();
    this.#exchange.reply(status, content, headers);
  }

  #finish(brokenBy?: "client" | "revision"): void {
    if (this.#over) return;
    this.#over = true;
    this.#limits.clear();
    this.#held.clear();
    this.#body.end();
    if (brokenBy !== undefined) this.#leaveUpstream();
    this.#leavePlace();
    const { method, target } = this.#exchange.request;
    const revision = this.#revision();
    const ms = performance.now() - this.#startedAt;
    const [listener, status, cold, hops] = [this.#listener, this.#status, this.#cold, this.#hops()];
    const complete = brokenBy === undefined;
    this.#options.onServed({
      listener,
      method,
      target,
      revision,
      status,
      ms,
      complete,
      brokenBy,
      cold,
      hops,
    });
  }

  #leavePlace(): void {
    this.#place?.leave();
    this.#place = undefined;
  }

  /** Gives up the request to the revision; harmless when that has ended by itself. */
  #leaveUpstream(): void {
    this.#limits.endTry();
    this.#body.detach();
    this.#upstream?.abort();
    this.#upstream = undefined;
  }

  /** Ends an answer that cannot be completed, so that the client sees it. */
  #breakOff(): void {
    this.#finish("revision");
    this.#exchange.breakOff();
  }

  #revision(): string | undefined {
    const resolution = this.#resolution;
    return resolution?.kind === "revision" || resolution?.kind === "abort" ? resolution.revision : undefined;
  }

  #hops(): readonly Hop[] {
    return this.#resolution?.hops ?? [];
  }
}
