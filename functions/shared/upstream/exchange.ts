import { createFetch } from "ofetch";
import { readBoundedText, saysItFits } from "../http/bounded-text.ts";
import { startDeadline } from "./deadline.ts";
import { revisionOf } from "../telemetry/revision.ts";
import { forwardedHeaders } from "../telemetry/tracing.ts";
import { outcomeOfError, outcomeOfStatus, type Outcome } from "./outcome.ts";

/** As much of `fetch` as is used here; a fake has no more to do. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** One request to an upstream and what came of it, as far as HTTP goes. */
export interface Exchange {
  /** Nothing yet where the answer's text has still to be looked at. */
  outcome: Exclude<Outcome, "ok"> | undefined;
  status: number | undefined;
  /** The revision that answered, also where its answer was a failure. */
  revision: string | undefined;
  text: string;
}

/** Whom to ask, under which name, and how long it may take to the last byte, in milliseconds. */
export interface ExchangeOptions {
  readonly origin: string;
  readonly self: string;
  readonly timeoutMs: number;
  readonly fetch: Fetch;
}

const MAX_ANSWER_BYTES = 65_536;

/** Makes the function that asks an upstream for a path, once. It never rejects. */
export function createExchange({ origin, self, timeoutMs, fetch }: ExchangeOptions) {
  // A compressed answer could hide its size, so none is asked for or unpacked. ofetch's own options
  // do not know of that, and its type of fetch has a second function, which nobody calls here.
  const plain = (input: string | URL | Request, init?: RequestInit) => {
    const options: BunFetchRequestInit = { ...init, decompress: false };
    return fetch(input, options);
  };
  const client = createFetch({ fetch: Object.assign(plain, { preconnect: () => undefined }) });

  return async function exchange(path: string, request: Request, requestId: string): Promise<Exchange> {
    const deadline = startDeadline(timeoutMs, request.signal);
    const found: Exchange = { outcome: undefined, status: undefined, revision: undefined, text: "" };
    try {
      const headers = forwardedHeaders(request.headers, requestId);
      headers["accept"] = "application/json";
      headers["user-agent"] = self;
      const response = await client.raw(`${origin}${path}`, {
        headers,
        // ofetch ignores its own `timeout` beside a signal, and repeats a GET by default.
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
      const declared = response.headers.get("content-length");
      if (saysItFits(declared, MAX_ANSWER_BYTES)) found.text = await response.text();
      else if (body !== undefined)
        found.text = await readBoundedText({ body, declared, maxBytes: MAX_ANSWER_BYTES });
    } catch (error) {
      // A status that is a failure stays one, whatever becomes of its body.
      found.outcome ??= deadline.reason() ?? outcomeOfError(error);
    } finally {
      deadline.clear();
    }
    return found;
  };
}
