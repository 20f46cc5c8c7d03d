import { createFetch } from "ofetch";
import { BodyOverLimit, declaredLength, readBoundedText } from "../http/bounded-text.ts";
import { BadRequest } from "../http/request-errors.ts";
import { startDeadline } from "./deadline.ts";
import { revisionOf } from "../telemetry/revision.ts";
import { forwardedHeaders, PINNING_HEADER } from "../telemetry/tracing.ts";
import type { Span } from "../tracing/tracer.ts";
import { outcomeOfError, outcomeOfStatus, type Outcome } from "./outcome.ts";

/** The used part of `fetch`, so that a test can inject a function. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** The result of one HTTP request to an upstream. */
export interface Exchange {
  /** Undefined if the answer's text must still be checked. */
  outcome: Exclude<Outcome, "ok"> | undefined;
  status: number | undefined;
  /** The revision that answered, even if its answer was a failure. */
  revision: string | undefined;
  text: string;
}

/** The upstream's origin, this service's name for it, and the limit until the last byte, in milliseconds. */
export interface ExchangeOptions {
  readonly origin: string;
  readonly self: string;
  readonly timeoutMs: number;
  readonly fetch: Fetch;
}

/** The additions to the forwarded request: a body, sent as JSON by POST, and headers. */
export interface Sent {
  readonly body?: object | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** The span of this call, the parent of the upstream's span. */
  readonly span?: Span | undefined;
}

const MAX_ANSWER_BYTES = 65_536;
/** The maximum length of a pin. A longer one is refused, because without it the split would choose the version. */
const MAX_PIN_BYTES = 1024;

/**
 * Makes the function that requests a path from an upstream, without retries. Every failure of the upstream is an outcome;
 * the function rejects only if a caller's header cannot be forwarded.
 * @throws {BadRequest} with status 431
 */
export function createExchange({ origin, self, timeoutMs, fetch }: ExchangeOptions) {
  // A compressed answer could hide its size, so compression is neither requested nor decoded. ofetch has no option for
  // that, and its type of fetch has a second function, `preconnect`, which is not called.
  const plain = (input: string | URL | Request, init?: RequestInit) => {
    const options: BunFetchRequestInit = { ...init, decompress: false };
    return fetch(input, options);
  };
  const client = createFetch({ fetch: Object.assign(plain, { preconnect: () => undefined }) });

  return async function exchange(
    path: string,
    request: Request,
    requestId: string,
    { body: asked, headers: own, span }: Sent = {},
  ): Promise<Exchange> {
    const headers = forwardedHeaders(request.headers, requestId);
    if ((headers[PINNING_HEADER]?.length ?? 0) > MAX_PIN_BYTES) {
      throw new BadRequest(431, `The header ${PINNING_HEADER} has more than ${MAX_PIN_BYTES} bytes.`);
    }
    headers["accept"] = "application/json";
    headers["user-agent"] = self;
    if (asked !== undefined) headers["content-type"] = "application/json";
    Object.assign(headers, own);
    if (span !== undefined) addTrace(headers, span);
    const deadline = startDeadline(timeoutMs, request.signal);
    const found: Exchange = { outcome: undefined, status: undefined, revision: undefined, text: "" };
    try {
      const response = await client.raw(`${origin}${path}`, {
        headers,
        ...(asked === undefined ? {} : { method: "POST", body: JSON.stringify(asked) }),
        // ofetch ignores its own `timeout` if a signal is given, and retries a GET by default.
        signal: deadline.signal,
        retry: 0,
        ignoreResponseError: true,
        responseType: "stream",
        redirect: "manual",
      });
      found.status = response.status;
      found.revision = revisionOf(response.headers);
      found.outcome = outcomeOfStatus(response.status);
      const body = response._data;
      const declared = declaredLength(response.headers);
      if (declared !== undefined && declared > MAX_ANSWER_BYTES) throw new BodyOverLimit();
      // A body cannot be longer than its declared length, so it can be read in one step.
      if (declared !== undefined) found.text = await response.text();
      else if (body !== undefined) found.text = await readBoundedText(body, MAX_ANSWER_BYTES);
    } catch (error) {
      // A failure status is a failure, regardless of the body.
      found.outcome ??= deadline.reason() ?? outcomeOfError(error);
      // Closes the connection of an answer that was not read completely.
      deadline.abort();
    } finally {
      deadline.clear();
    }
    return found;
  };
}

/**
 * Makes a span the parent of the receiver's spans. The caller's trace state does not belong to a new
 * one (W3C Trace Context, section 4.3).
 */
export function addTrace(headers: Record<string, string>, { traceparent, root }: Span): void {
  headers["traceparent"] = traceparent;
  if (root) delete headers["tracestate"];
}
