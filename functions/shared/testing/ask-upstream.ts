import { t } from "elysia";
import { beginCall } from "../http/call.ts";
import type { Fetch } from "../upstream/exchange.ts";
import { createUpstream } from "../upstream/upstream.ts";
import { fakeService } from "./fakes.ts";

const Answer = t.Object({ key: t.String() }, { additionalProperties: true });

/** A valid answer with an additional key. */
export const GOOD = '{"key":"value","more":1}';

/** How a test calls the upstream. */
export interface Setting {
  readonly origin: string;
  readonly fetch?: Fetch;
  readonly timeoutMs?: number;
  readonly headers?: Record<string, string> | [string, string][];
  readonly signal?: AbortSignal;
}

/** Calls an upstream once, and returns the result with its records. */
export async function askUpstream({
  origin,
  fetch = globalThis.fetch,
  timeoutMs = 2000,
  headers = {},
  signal,
}: Setting) {
  const { deps } = fakeService();
  const upstream = createUpstream({
    name: "example",
    self: "test-service",
    origin,
    answer: Answer,
    timeoutMs,
    fetch,
    clock: () => performance.now(),
    metrics: deps.metrics,
  });
  const request = new Request("http://localhost/item?secret", { headers, ...(signal && { signal }) });
  const call = beginCall(request.headers, deps);
  const result = await upstream.ask("/echo", request, call).then(
    (answer) => ({ answer }),
    (error: unknown) => ({ error }),
  );
  const counted = /^http_client_request_duration_seconds_count\{(.*)\} 1$/m.exec(
    await deps.metrics.text(),
  )?.[1];
  return { result, record: call.upstream, counted, requestId: call.requestId };
}

/** The bytes of a response with a declared length. */
export const http = (head: string, body = "") =>
  `HTTP/1.1 ${head}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
