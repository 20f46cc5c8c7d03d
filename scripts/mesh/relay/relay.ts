import { HeaderList } from "../../route-fields/headers/header-list.ts";
import type { Hop, Resolution, RoutedRequest } from "../../traffic/resolve.ts";
import { resolve, revisionOf } from "../../traffic/resolve.ts";
import { hashPolicyFor } from "../../traffic/istio/hash-policies.ts";
import type { Listener } from "../../traffic/table.ts";
import type { HttpClient, ResponseHandler, UpstreamFailure, UpstreamRequest } from "../http/client.ts";
import type { Exchange } from "../http/exchange.ts";
import { type Framing, removeHopByHop } from "../http/framing.ts";
import type { ResponseHead } from "../http/head.ts";
import { type BodyState, RequestBody } from "./request-body.ts";
import { TimeLimits } from "./time-limits.ts";
import { sendMirrored } from "./mirror.ts";
import type { Generation, RelayOptions } from "./relay-options.ts";
import { RequestReport } from "./request-report.ts";
import type { Outcome } from "../../route-fields/retries/decide.ts";
import { describeFailure, isSafeToResend, Retries, statusAfter } from "./retry.ts";
import { policyOf, StickyKey, stuckTo } from "./sticky.ts";
import { addUpgrade, isRefusedUpgrade, isUpgrade, openTunnel } from "./upgrade.ts";
import { addForwarded, changeResponse, frameForRevision, headOf, ownReply } from "./upstream-request.ts";
import type { Reservation } from "../revisions/request-queue.ts";
import { messageOf } from "../../text/message-of.ts";

/**
 * Forwards one request from a listener to the revision that the routes choose, and the response back to the client.
 */
export function relay(exchange: Exchange, listener: Listener, options: RelayOptions): void {
  new Relay(exchange, listener, options).start();
}

class Relay {
  readonly #exchange: Exchange;
  readonly #listener: Listener;
  readonly #options: RelayOptions;
  readonly #generation: Generation;
  readonly #body: RequestBody;
  readonly #limits: TimeLimits;
  readonly #report: RequestReport;

  #resolution: Resolution | undefined;
  readonly #retries = new Retries();
  #reservation: Reservation | undefined;
  #upstream: UpstreamRequest | undefined;
  #over = false;
  #status = 0;
  #cold = false;
  readonly #sticky: StickyKey;

  constructor(exchange: Exchange, listener: Listener, options: RelayOptions) {
    this.#exchange = exchange;
    this.#listener = listener;
    this.#options = options;
    this.#generation = options.generation();
    this.#report = new RequestReport(exchange, listener, options);
    this.#sticky = new StickyKey(exchange, options.newRequestId);
    this.#body = new RequestBody(exchange, (state) => this.#onBody(state));
    this.#limits = new TimeLimits(
      (message) => this.#onTimeout(message),
      (message) => this.#retry({ failure: "late" }) || this.#onTimeout(message),
      options.startTimer,
    );
  }

  start(): void {
    const { method, target, authority, headers } = this.#exchange.request;
    addForwarded(headers, this.#exchange.peer, this.#listener, this.#options.newRequestId);
    this.#report.begin();
    if (isUpgrade(this.#exchange)) addUpgrade(headers);
    if (isRefusedUpgrade(this.#exchange))
      return this.#reply(403, "an upgrade to another protocol than websocket is not allowed");
    this.#exchange.onAbort = () => this.#finish("client");
    this.#exchange.onDrained = () => this.#upstream?.resume();
    this.#route(this.#listener, { method, target, authority, headers }, []);
  }

  #route(listener: Listener, request: RoutedRequest, earlier: readonly Hop[], again?: Hop): void {
    const { table } = this.#generation;
    const resolution = resolve(table, listener, request, this.#options.random, {
      earlier,
      again,
      settle: (action, drawn) => {
        const key = this.#sticky.under(hashPolicyFor(table.hashPolicies, drawn.host, drawn.subset));
        return key === undefined ? drawn : stuckTo(action, drawn, key);
      },
    });
    this.#resolution = resolution;
    this.#limits.set(resolution.hops, revisionOf(resolution), this.#generation);
    const made = resolution.hops.slice(earlier.length);
    const delayMs = made.reduce((sum, hop) => sum + hop.delayMs, 0);
    if (delayMs === 0) return this.#follow(resolution, made);
    this.#body.read();
    this.#limits.hold(delayMs, () => this.#follow(resolution, made));
  }

  /** @param made the hops of this try, without the hops before the one that retries */
  #follow(resolution: Resolution, made: readonly Hop[]): void {
    sendMirrored(made, this.#exchange, this.#body, this.#generation, this.#options.random);
    if (resolution.kind === "revision") return this.#forward(resolution.revision, resolution.request);
    const { content, headers } = ownReply(resolution, this.#options.locate);
    this.#answer(resolution.status, content, headers);
  }

  #forward(revision: string, request: RoutedRequest): void {
    frameForRevision(request, this.#exchange);
    const key = this.#sticky.under(policyOf(this.#generation.table, this.#hops(), request.authority));
    const reservation = this.#generation.reserve(revision, this.#retries.tried, key);
    this.#reservation = reservation;
    if (reservation.client !== undefined) return this.#send(reservation.client, request, false);
    this.#body.read();
    reservation.slot.then(
      (slot) => {
        if (this.#over) return slot.release();
        this.#reservation = slot;
        this.#cold ||= slot.cold;
        this.#send(slot.client, request, false);
      },
      (reason: unknown) => this.#over || this.#reply(503, messageOf(reason)),
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
   * Timeouts start when the request is complete, as in Envoy. They also run while the body is paused, since a
   * closed connection is not noticed while it is not read.
   */
  #onBody(state: BodyState): void {
    if (this.#over) return;
    if (state === "flowing") return this.#limits.stop();
    this.#limits.start();
    if (state === "complete" && this.#upstream !== undefined) this.#limits.startTry(this.#hops());
  }

  #onHead(head: ResponseHead, framing: Framing): void {
    this.#limits.endTry();
    if (this.#retry({ status: head.status })) return;
    this.#limits.answered();
    this.#status = head.status;
    const upgrade = framing.kind === "tunnel" ? head.headers.joined("upgrade") : undefined;
    removeHopByHop(head.headers);
    if (upgrade !== undefined) head.headers.set("upgrade", upgrade);
    changeResponse(head.headers, this.#hops());
    this.#sticky.addCookie(head.headers);
    this.#report.onHead(revisionOf(this.#resolution), head.headers);
    this.#exchange.respond(head.status, head.reason, head.headers, framing);
    if (framing.kind !== "tunnel" || this.#upstream === undefined) return;
    this.#limits.clear();
    openTunnel(this.#exchange, this.#upstream, () => this.#finish());
  }

  #onData(content: Buffer): void {
    this.#report.onData(content);
    this.#exchange.write(content);
    if (this.#exchange.congested) this.#upstream?.pause();
  }

  #onFailure(failure: UpstreamFailure, client: HttpClient, request: RoutedRequest): void {
    this.#leaveUpstream();
    if (this.#exchange.answered) return this.#breakOff();
    if (isSafeToResend(failure, request.method) && this.#body.repeatable)
      return this.#send(client, request, true);
    if (this.#retry({ failure: failure.kind })) return;
    const revision = revisionOf(this.#resolution) ?? "the revision";
    this.#reply(statusAfter(failure.kind), describeFailure(failure, revision));
  }

  #onTimeout(message: string): void {
    this.#leaveUpstream();
    if (this.#exchange.answered) return this.#breakOff();
    this.#reply(504, message);
  }

  /** Retries if a rule allows it. Returns whether it does. */
  #retry(outcome: Outcome): boolean {
    const { random } = this.#options;
    const retry = this.#body.repeatable ? this.#retries.next(this.#hops(), outcome, random) : undefined;
    if (retry === undefined) return false;
    this.#leaveUpstream();
    this.#releaseSlot();
    this.#body.read();
    const { listener, request } = retry.before;
    this.#limits.hold(retry.waitMs, () => this.#route(listener, request, retry.earlier, retry.hop));
    return true;
  }

  /** Responds for a rule. Outer hops may retry because of the status. */
  #answer(status: number, content: string | Uint8Array, headers?: HeaderList): void {
    if (!this.#retry({ status })) this.#reply(status, content, headers);
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
    this.#releaseSlot();
    this.#report.end({
      revision: revisionOf(this.#resolution),
      status: this.#status,
      brokenBy,
      cold: this.#cold,
      hops: this.#hops(),
    });
  }

  #releaseSlot(): void {
    this.#reservation?.release();
    this.#reservation = undefined;
  }

  /** Aborts the upstream request if it is still in flight. */
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

  #hops(): readonly Hop[] {
    return this.#resolution?.hops ?? [];
  }
}
