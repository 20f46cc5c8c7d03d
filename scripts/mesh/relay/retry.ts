import type { HttpClient } from "../http/client.ts";
import type { Hop } from "../../traffic/resolve.ts";
import { type Failure, statusAfter } from "./failure.ts";

/** What came back instead of a good answer: a status, or nothing. */
export type Outcome = { status: number } | { failure: Failure };

/** A request on its way once more. */
export interface Retry {
  /** The hop that sends it, what came to that hop, and the hops before it. */
  hop: Hop;
  before: NonNullable<Hop["before"]>;
  earlier: readonly Hop[];
  /** How long it waits until then. */
  waitMs: number;
}

/** What has become of one request so far, for those on its way who may send it again. */
export class Retries {
  /** How often each hop has sent it again, counted from outside. */
  readonly #used: number[] = [];
  readonly #tried = new Set<HttpClient>();

  /** The processes that the next try should leave out. */
  get tried(): ReadonlySet<HttpClient> {
    return this.#tried;
  }

  sentTo(process: HttpClient): void {
    this.#tried.add(process);
  }

  /**
   * The next try, or undefined when nobody makes one. As with one proxy behind another, the innermost goes first, and
   * those before it see the answer that it gives after a failure.
   */
  next(hops: readonly Hop[], outcome: Outcome, random: () => number): Retry | undefined {
    let seen = outcome;
    for (let depth = hops.length - 1; depth >= 0; depth--) {
      const hop = hops[depth];
      const action = hop?.rule.action;
      // A hop that sent nothing on, as for the sake of a fault, has nothing to send again.
      if (action?.kind === "forward" && hop?.before !== undefined) {
        const { retry } = action;
        const number = (this.#used[depth] ?? 0) + 1;
        if (number <= retry.attempts && retry.on.some((condition) => meets(seen, condition))) {
          this.#used[depth] = number;
          this.#used.length = depth + 1;
          // What an inner proxy tried is forgotten with it: to the outer one that proxy is the host.
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
 * How long to wait before a retry, in whole milliseconds: anything below an interval that doubles from retry to retry,
 * up to ten times the first.
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
