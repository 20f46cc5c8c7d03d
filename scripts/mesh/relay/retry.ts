import type { Hop } from "../../traffic/resolve.ts";
import type { HttpClient, UpstreamFailure } from "../http/client.ts";

/** How a try can fail: by an incomplete response, or (`late`) by perTryTimeout. */
export type Failure = UpstreamFailure["kind"] | "late";

/** The result of a try that may be retried: a status, or a failure. */
export type Outcome = { status: number } | { failure: Failure };

/** A further try of a request. */
export interface Retry {
  /** The hop that retries, the request as it came to that hop, and the hops before it. */
  hop: Hop;
  before: NonNullable<Hop["before"]>;
  earlier: readonly Hop[];
  /** How long to wait before the try. */
  waitMs: number;
}

/** The status that a proxy answers after a failure; the same as Envoy's. */
export function statusAfter(failure: Failure): 502 | 503 | 504 {
  if (failure === "late") return 504;
  return failure === "malformed" ? 502 : 503;
}

/** A failure as a sentence. */
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

/**
 * Whether a request may be sent again on a new connection, unseen by retry rules: it is idempotent, and the revision
 * closed a reused connection before any of the response came (RFC 9110 section 9.2.2).
 */
export function isSafeToResend(failure: UpstreamFailure, method: string): boolean {
  return failure.kind === "closed" && failure.reused && IDEMPOTENT.has(method);
}

/** The tries of one request so far, counted for each hop that may retry. */
export class Retries {
  /** Retries used by each hop, from outside in. */
  readonly #used: number[] = [];
  readonly #tried = new Set<HttpClient>();

  /** The processes that the next try should avoid. */
  get tried(): ReadonlySet<HttpClient> {
    return this.#tried;
  }

  sentTo(process: HttpClient): void {
    this.#tried.add(process);
  }

  /**
   * The next try, or undefined when no hop retries. As with a chain of proxies, the innermost hop decides first, and
   * outer hops see the status that it answers after a failure.
   */
  next(hops: readonly Hop[], outcome: Outcome, random: () => number): Retry | undefined {
    let seen = outcome;
    for (let depth = hops.length - 1; depth >= 0; depth--) {
      const hop = hops[depth];
      const action = hop?.rule.action;
      // A hop that forwarded nothing, as when a fault aborted the request, has nothing to retry.
      if (action?.kind === "forward" && hop?.before !== undefined) {
        const { retry } = action;
        const number = (this.#used[depth] ?? 0) + 1;
        if (number <= retry.attempts && retry.on.some((condition) => meets(seen, condition))) {
          this.#used[depth] = number;
          this.#used.length = depth + 1;
          // An outer hop's host is the inner proxy, so the processes that the inner one tried do not count for it.
          if (!retry.avoidsTried || hop.destination?.backend.kind !== "revision") this.#tried.clear();
          const waitMs = backOff(retry.backOffMs, number, random);
          return { hop, before: hop.before, earlier: hops.slice(0, depth), waitMs };
        }
      }
      if ("failure" in seen) seen = { status: statusAfter(seen.failure) };
    }
    return undefined;
  }
}

/**
 * The wait before a retry in whole milliseconds: uniform below an interval that doubles with each retry, up to ten times
 * the first.
 * (envoy, source/common/common/backoff_strategy.cc, and the router filter's documentation of x-envoy-max-retries)
 * @param number of the retry, from 1
 */
export function backOff(baseMs: number, number: number, random: () => number): number {
  return Math.floor(random() * baseMs * Math.min(2 ** (number - 1), 10));
}

// Envoy, "x-envoy-retry-on" in the router filter's documentation. The gRPC conditions never hold here.
function meets(outcome: Outcome, condition: string): boolean {
  if ("failure" in outcome) {
    switch (condition) {
      case "connect-failure":
        return outcome.failure === "refused";
      case "reset":
      case "5xx":
      case "gateway-error":
        return true;
      default:
        return false;
    }
  }
  switch (condition) {
    case "5xx":
      return outcome.status >= 500;
    case "gateway-error":
      return outcome.status >= 502 && outcome.status <= 504;
    case "retriable-4xx":
      return outcome.status === 409;
    default:
      return condition === String(outcome.status);
  }
}
