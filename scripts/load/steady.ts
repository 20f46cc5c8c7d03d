import { messageOf } from "../text/message-of.ts";

/** The result of one request. Times are milliseconds of `performance.now()`. */
export interface LoadResult {
  sentAt: number;
  ms: number;
  /** 0 without a response, with the reason in `error`. */
  status: number;
  error: string | undefined;
  /** The revision that answered, if a header names it. */
  revision: string | undefined;
}

export interface SteadyLoadOptions {
  url: string;
  /** Requests per second. */
  rps: number;
  headers?: Readonly<Record<string, string>>;
  /** Makes the body of each request, which is JSON and sent by POST. @param sent how many were sent before */
  body?: (sent: number) => string;
  /** The header of an answer that names the revision, if one does. */
  revisionHeader?: string | undefined;
  /** Ends the load; requests in flight are still awaited. */
  signal: AbortSignal;
  /** A request that takes longer has failed. @default 30000 */
  timeoutMs?: number;
  onResult(result: LoadResult): void;
}

/**
 * Sends requests at a steady rate, whether or not responses arrive (open loop), so that a slow system is measured as
 * its callers see it. Resolves when the last response has arrived.
 */
export async function steadyLoad(options: SteadyLoadOptions): Promise<void> {
  const { rps, headers = {}, body, signal, onResult } = options;
  const pending = new Set<Promise<void>>();
  const startedAt = performance.now();
  for (let sent = 0; !signal.aborted;) {
    const due = Math.floor(((performance.now() - startedAt) * rps) / 1000) + 1;
    for (; sent < due && !signal.aborted; sent++) {
      const init = { headers, ...(body === undefined ? {} : posted(headers, body(sent))) };
      const request = send(init, options).then(onResult);
      pending.add(request);
      void request.finally(() => pending.delete(request));
    }
    const next = startedAt + (sent * 1000) / rps;
    await Bun.sleep(Math.max(1, Math.min(next - performance.now(), 50)));
  }
  await Promise.all(pending);
}

function posted(headers: Readonly<Record<string, string>>, body: string): RequestInit {
  return { method: "POST", headers: { ...headers, "content-type": "application/json" }, body };
}

async function send(
  init: RequestInit,
  { url, revisionHeader, timeoutMs = 30_000 }: SteadyLoadOptions,
): Promise<LoadResult> {
  const sentAt = performance.now();
  try {
    const response = await fetch(url, {
      ...init,
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.arrayBuffer();
    const named = revisionHeader === undefined ? null : response.headers.get(revisionHeader);
    const revision = named ?? undefined;
    return { sentAt, ms: performance.now() - sentAt, status: response.status, error: undefined, revision };
  } catch (error) {
    const reason = messageOf(error);
    return { sentAt, ms: performance.now() - sentAt, status: 0, error: reason, revision: undefined };
  }
}
