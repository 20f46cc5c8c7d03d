import type { Span } from "../../../functions/shared/tracing/tracer.ts";
import type { HeaderList } from "../../route-fields/headers/header-list.ts";
import { isOfGateway, type Listener } from "../../traffic/table.ts";
import type { Exchange } from "../http/exchange.ts";
import type { AnswerReader } from "./answer-reader.ts";
import type { RelayOptions, Served } from "./relay-options.ts";
import { beginSpan, spanEnd } from "./request-span.ts";

/** Collects the report and the span of one request. */
export class RequestReport {
  readonly #exchange: Exchange;
  readonly #listener: Listener;
  readonly #options: RelayOptions;
  readonly #startedAt = performance.now();
  #requestId = "";
  #span: Span | undefined;
  #reader: AnswerReader | undefined;

  constructor(exchange: Exchange, listener: Listener, options: RelayOptions) {
    this.#exchange = exchange;
    this.#listener = listener;
    this.#options = options;
  }

  /** Begins the span, after the request got its id. */
  begin(): void {
    const { headers } = this.#exchange.request;
    this.#requestId = headers.get("x-request-id") ?? "";
    this.#span = beginSpan(this.#options.tracer, headers);
  }

  /** Begins to read the response of a revision. */
  onHead(revision: string | undefined, headers: HeaderList): void {
    this.#reader = revision === undefined ? undefined : this.#options.readAnswer?.(revision);
    this.#reader?.begin(headers);
  }

  onData(content: Buffer): void {
    this.#reader?.add(content);
  }

  /** Ends the span, and passes the report to `onServed`. */
  end(result: Pick<Served, "revision" | "status" | "brokenBy" | "cold" | "hops">): void {
    const { method, target, authority, headers } = this.#exchange.request;
    const served: Served = {
      ...result,
      listener: isOfGateway(this.#listener) ? "ingress" : this.#listener,
      method,
      target,
      requestId: this.#requestId,
      header: (name) => headers.joined(name),
      ms: performance.now() - this.#startedAt,
      complete: result.brokenBy === undefined,
      answer: this.#reader,
    };
    this.#span?.end(spanEnd(served, authority));
    this.#options.onServed(served);
  }
}
