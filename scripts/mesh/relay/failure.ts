import type { UpstreamFailure } from "../http/client.ts";

/** How a try can fail: without a whole answer, or (`late`) not within perTryTimeout. */
export type Failure = UpstreamFailure["kind"] | "late";

/** What a proxy answers after such a failure; the statuses are Envoy's. */
export function statusAfter(failure: Failure): 502 | 503 | 504 {
  if (failure === "late") return 504;
  return failure === "malformed" ? 502 : 503;
}

/** The sentence that goes with it. */
export function describeFailure(failure: UpstreamFailure, revision: string): string {
  switch (failure.kind) {
    case "refused":
      return `${revision} does not accept connections`;
    case "malformed":
      return `${revision} did not answer in HTTP: ${failure.message}`;
    case "closed":
    case "broken":
      return `${revision} closed the connection before it answered`;
  }
}

const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/** Whether the revision closed a kept connection just as it was used, so that it never saw the request (RFC 9110 section 9.2.2). */
export function wasUnseen(failure: UpstreamFailure, method: string): boolean {
  return failure.kind === "closed" && failure.unused && IDEMPOTENT.has(method);
}
