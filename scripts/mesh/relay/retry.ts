import { backOff, type Failure, isRetried, type Outcome } from "../../route-fields/retries/decide.ts";
import type { Hop } from "../../traffic/resolve.ts";
import type { HttpClient, UpstreamFailure } from "../http/client.ts";

/** A further try of a request. */
export interface Retry {
  /** The hop that retries, the request as it came to that hop, and the hops before it. */
  hop: Hop;
  before: NonNullable<Hop["before"]>;
  earlier: readonly Hop[];
  /** How long to wait before the try. */
  waitMs: number;
}

/** Returns the status of the response after a failure, as in Envoy. */
export function statusAfter(failure: Failure): 502 | 503 | 504 {
  if (failure === "late") return 504;
  return failure === "malformed" ? 502 : 503;
}

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
 * Reports whether a request may be sent again on a new connection without a retry rule: it is idempotent, and the
 * revision closed a reused connection before any of the response arrived (RFC 9110 section 9.2.2).
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
   * Returns the next try, or undefined if no hop retries. As in a chain of proxies, the innermost hop decides
   * first, and outer hops see the status of its response after a failure.
   */
  next(hops: readonly Hop[], outcome: Outcome, random: () => number): Retry | undefined {
    let seen = outcome;
    for (let depth = hops.length - 1; depth >= 0; depth--) {
      const hop = hops[depth];
      const action = hop?.rule.action;
      // A hop that forwarded nothing, for example because a fault aborted the request, cannot retry.
      if (action?.kind === "forward" && hop?.before !== undefined) {
        const { retry } = action;
        const number = (this.#used[depth] ?? 0) + 1;
        if (isRetried(retry, seen, number)) {
          this.#used[depth] = number;
          this.#used.length = depth + 1;
          // The host of an outer hop is the inner proxy, so the processes that the inner hop tried do not count for
          // it.
          if (!retry.avoidsTried || hop.destination?.backend.kind !== "revision") this.#tried.clear();
          const waitMs = backOff(retry, number, random);
          return { hop, before: hop.before, earlier: hops.slice(0, depth), waitMs };
        }
      }
      if ("failure" in seen) seen = { status: statusAfter(seen.failure) };
    }
    return undefined;
  }
}
