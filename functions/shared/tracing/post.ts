import { readBoundedText } from "../http/bounded-text.ts";
import type { TraceSettings } from "./trace-settings.ts";

/** The result of one request to the collector. */
export interface PostAnswer {
  /** 0 if there was no answer. */
  readonly status: number;
  /** The answer's body, or why there is none. */
  readonly text: string;
  /** The delay that the collector requests, in milliseconds. */
  readonly retryAfterMs: number | undefined;
}

/** Sends a request body to the collector once. Never rejects. */
export type Post = (body: string) => Promise<PostAnswer>;

const MOST_ANSWER_BYTES = 65_536;
const MOST_WAIT_SECONDS = 60;

/** Makes the function that sends spans to a collector. @param ca certificates of its authority, in PEM */
export function createPost(
  { url, headers, timeoutMs, gzip }: Pick<TraceSettings, "url" | "headers" | "timeoutMs" | "gzip">,
  ca: string | undefined,
): Post {
  return async (body) => {
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: {
          ...headers,
          "content-type": "application/json",
          ...(gzip && { "content-encoding": "gzip" }),
        },
        body: gzip ? await compressed(body) : body,
        redirect: "manual",
        signal: AbortSignal.timeout(timeoutMs),
        ...(ca !== undefined && { tls: { ca } }),
      });
      const text = response.body === null ? "" : await readBoundedText(response.body, MOST_ANSWER_BYTES);
      const { status } = response;
      const seconds = Number(response.headers.get("retry-after"));
      const retryAfterMs = seconds > 0 ? Math.min(seconds, MOST_WAIT_SECONDS) * 1000 : undefined;
      return { status, text: response.ok ? text : `status ${status}`, retryAfterMs };
    } catch (error) {
      return { status: 0, text: reasonOf(error), retryAfterMs: undefined };
    }
  };
}

/**
 * Excludes requests to the collector from the process's proxy, which in the local mesh is the mesh itself: adds the
 * collector to NO_PROXY, because Bun's fetch has no other setting. Other requests still use the proxy.
 */
export function exemptFromProxy(
  { hostname, port, protocol }: URL,
  env: Record<string, string | undefined>,
): void {
  const collector = `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
  const before = env["NO_PROXY"] || env["no_proxy"];
  env["NO_PROXY"] = before ? `${before},${collector}` : collector;
}

/** Loaded on demand, because few configurations use compression. */
async function compressed(body: string): Promise<Uint8Array<ArrayBuffer>> {
  const { gzip } = await import("node:zlib");
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
  gzip(body, (error, bytes) => (error === null ? resolve(new Uint8Array(bytes)) : reject(error)));
  return promise;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  const code: unknown = "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : error.name;
}
