import { randomId, readTraceparent, traceparentOf, type TraceContext } from "./trace-context.ts";

/** Attributes of a span, by OpenTelemetry's semantic conventions; undefined ones are omitted. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** How a span ended. */
export interface SpanEnd {
  /** Of few different values, such as `GET /route`. */
  readonly name: string;
  /** Whether the status is an error. */
  readonly failed: boolean;
  readonly attributes: Attributes;
}

/** A finished span. Times are milliseconds since 1970, with fractions. */
export interface FinishedSpan extends SpanEnd {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  /** Whether the parent is in another process. */
  readonly remoteParent: boolean;
  readonly tracestate: string | undefined;
  readonly kind: "server" | "client";
  readonly startMs: number;
  readonly endMs: number;
}

/** A started span. A span that is not sampled is propagated in headers, but not exported. */
export interface Span {
  readonly traceId: string;
  /** The header that makes this span the parent of the receiver's spans. */
  readonly traceparent: string;
  /** Whether this span is the root of its trace; if so, the caller's `tracestate` does not belong to it. */
  readonly root: boolean;
  /** Begins a call to another service on behalf of this span. */
  child(): Span;
  /** Ends the span; further calls have no effect. */
  end(end: SpanEnd): void;
}

/** Begins the spans of a process. */
export interface Tracer {
  /** Begins the span of a request with these headers, as a child of its caller's span if they name one. */
  server(traceparent: string | null | undefined, tracestate: string | null | undefined): Span;
}

/** Decides whether a trace is recorded. @param parent the caller's span, undefined for a new trace */
export type Sampler = (traceId: string, parent: TraceContext | undefined) => boolean;

/** The sampler, the receiver of finished spans, and the clock: milliseconds since 1970, with fractions. */
export interface TracerOptions {
  readonly sampler: Sampler;
  readonly export: (span: FinishedSpan) => void;
  readonly now: () => number;
}

/** Makes a tracer. */
export function createTracer({ sampler, export: deliver, now }: TracerOptions): Tracer {
  class ActiveSpan implements Span {
    readonly #context: TraceContext;
    readonly #parent: TraceContext | undefined;
    readonly #kind: FinishedSpan["kind"];
    readonly #tracestate: string | undefined;
    readonly #startMs = now();
    #ended = false;

    constructor(
      kind: FinishedSpan["kind"],
      context: TraceContext,
      parent: TraceContext | undefined,
      tracestate: string | undefined,
    ) {
      this.#kind = kind;
      this.#context = context;
      this.#parent = parent;
      this.#tracestate = tracestate;
    }

    get traceId(): string {
      return this.#context.traceId;
    }

    get traceparent(): string {
      return traceparentOf(this.#context);
    }

    get root(): boolean {
      return this.#parent === undefined;
    }

    child(): Span {
      const context = { ...this.#context, spanId: randomId(8) };
      return new ActiveSpan("client", context, this.#context, this.#tracestate);
    }

    end(end: SpanEnd): void {
      if (this.#ended || !this.#context.sampled) return;
      this.#ended = true;
      const { traceId, spanId } = this.#context;
      deliver({
        ...end,
        traceId,
        spanId,
        parentSpanId: this.#parent?.spanId,
        remoteParent: this.#kind === "server" && this.#parent !== undefined,
        tracestate: this.#tracestate,
        kind: this.#kind,
        startMs: this.#startMs,
        endMs: now(),
      });
    }
  }

  return {
    server(traceparent, tracestate) {
      const parent = readTraceparent(traceparent);
      const traceId = parent?.traceId ?? randomId(16);
      const context = { traceId, spanId: randomId(8), sampled: sampler(traceId, parent) };
      return new ActiveSpan(
        "server",
        context,
        parent,
        parent === undefined ? undefined : (tracestate ?? undefined),
      );
    },
  };
}
