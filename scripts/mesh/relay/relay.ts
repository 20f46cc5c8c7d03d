import { HeaderList } from "../../traffic/headers.ts";
import { type Hop, type Resolution, resolve, type RoutedRequest } from "../../traffic/resolve.ts";
import type { Listener } from "../../traffic/table.ts";
import { describeFailure, statusAfter, wasUnseen } from "./failure.ts";
import { addForwarded } from "./forwarded.ts";
import type { HttpClient, ResponseHandler, UpstreamFailure, UpstreamRequest } from "../http/client.ts";
import type { Exchange } from "../http/exchange.ts";
import { type Framing, removeHopByHop } from "../http/framing.ts";
import type { ResponseHead } from "../http/head.ts";
import { type BodyState, RequestBody } from "../body/request-body.ts";
import { Limits } from "./limits.ts";
import { changeResponse, frameForRevision, headOf, locationOf } from "./passage.ts";
import { sendCopies } from "./mirror.ts";
import { type Outcome, Retries } from "./retry.ts";
import type { Generation, RelayOptions } from "../served.ts";
import { openTunnel } from "./tunnel.ts";
import { addUpgrade, isForeign, isUpgrade } from "./upgrade.ts";
import type { Place } from "../revisions/seat.ts";

/** Carries one request from a listener to the revision that the routes choose, and the answer back. */
export function relay(exchange: Exchange, listener: Listener, options: RelayOptions): void {
  new Relay(exchange, listener, options).start();
}

class Relay {
  readonly #exchange: Exchange;
  readonly #listener: Listener;
  readonly #options: RelayOptions;
  readonly #generation: Generation;
  readonly #body: RequestBody;
  readonly #limits: Limits;
  readonly #startedAt = performance.now();

  #resolution: Resolution | undefined;
  readonly #retries = new Retries();
  #place: Place | undefined;
  #upstream: UpstreamRequest | undefined;
  #over = false;
  #status = 0;
  #cold = false;

  constructor(exchange: Exchange, listener: Listener, options: RelayOptions) {
    this.#exchange = exchange;
    this.#listener = listener;
    this.#options = options;
    this.#generation = options.generation();
    this.#body = new RequestBody(exchange, (state) => this.#onBody(state));
    this.#limits = new Limits(
      (sentence) => this.#onTimeout(sentence),
      (sentence) => this.#tryAgain({ failure: "late" }) || this.#onTimeout(sentence),
      options.later,
    );
  }

  start(): void {
    const { method, target, authority, headers } = this.#exchange.request;
    addForwarded(headers, this.#exchange.peer, this.#listener, this.#options.newRequestId);
    if (isUpgrade(this.#exchange)) addUpgrade(headers);
    if (isForeign(this.#exchange)) return this.#reply(403, "no other protocol than websocket is let through");
    this.#exchange.onAbort = () => this.#finish("client");
    this.#exchange.onDrained = () => this.#upstream?.resume();
    this.#route(this.#listener, { method, target, authority, headers }, []);
  }

  #route(listener: Listener, request: RoutedRequest, earlier: readonly Hop[], again?: Hop): void {
    const { table } = this.#generation;
    const resolution = resolve(table, listener, request, this.#options.random, { earlier, again });
    this.#resolution = resolution;
    this.#limits.set(resolution.hops, this.#revision(), this.#generation);
    const made = resolution.hops.slice(earlier.length);
    const delayMs = made.reduce((sum, hop) => sum + hop.delayMs, 0);
    if (delayMs === 0) return this.#follow(resolution, made);
    this.#body.read();
    this.#limits.hold(delayMs, () => this.#follow(resolution, made));
  }

  /** @param made the hops that were made on this way, and not on an earlier one */
  #follow(resolution: Resolution, made: readonly Hop[]): void {
    sendCopies(made, this.#exchange, this.#body, this.#generation, this.#options.random);
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
    const place = this.#generation.seat(revision, this.#retries.tried);
    this.#place = place;
    if (place.client !== undefined) return this.#send(place.client, request, false);
    this.#body.read();
    place.seat.then(
      (seat) => {
        if (this.#over) return seat.leave();
        this.#place = seat;
        this.#cold ||= seat.cold;
        this.#send(seat.client, request, false);
      },
      (reason: unknown) =>
        this.#over || this.#reply(503, reason instanceof Error ? reason.message : String(reason)),
    );
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
    this.#retries.sentTo(client);
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
    if (framing.kind !== "tunnel" || this.#upstream === undefined) return;
    this.#limits.clear();
    openTunnel(this.#exchange, this.#upstream, () => this.#finish());
  }

  #onData(content: Buffer): void {
    this.#exchange.write(content);
    if (this.#exchange.congested) this.#upstream?.pause();
  }

  #onFailure(failure: UpstreamFailure, client: HttpClient, request: RoutedRequest): void {
    this.#leaveUpstream();
    if (this.#exchange.answered) return this.#breakOff();
    const unseen = wasUnseen(failure, request.method);
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
    const { random } = this.#options;
    const retry = this.#body.repeatable ? this.#retries.next(this.#hops(), outcome, random) : undefined;
    if (retry === undefined) return false;
    this.#leaveUpstream();
    this.#leavePlace();
    this.#body.read();
    const { listener, request } = retry.before;
    this.#limits.hold(retry.waitMs, () => this.#route(listener, request, retry.earlier, retry.hop));
    return true;
  }

  /** For an answer of a rule: what comes before it may send the request again. */
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
    this.#body.end();
    if (brokenBy !== undefined) this.#leaveUpstream();
    this.#leavePlace();
    const { method, target } = this.#exchange.request;
    this.#options.onServed({
      listener: this.#listener,
      method,
      target,
      revision: this.#revision(),
      status: this.#status,
      ms: performance.now() - this.#startedAt,
      complete: brokenBy === undefined,
      brokenBy,
      cold: this.#cold,
      hops: this.#hops(),
    });
  }

  #leavePlace(): void {
    this.#place?.leave();
    this.#place = undefined;
  }

  /** Gives up the request; harmless when that has ended by itself. */
  #leaveUpstream(): void {
    this.#limits.endTry();
    this.#body.detach();
    this.#upstream?.abort();
    this.#upstream = undefined;
  }

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
