import type { Hop } from "../../traffic/resolve.ts";
import { type Failure, statusAfter } from "./failure.ts";

/** What came back instead of a good answer: a status, or nothing. */
export type Outcome = { status: number } | { failure: Failure };

/**
 * The hop that sends the request again, counted from outside, or undefined when none does. As with one proxy behind
 * another, the innermost goes first, and those before it see the answer that it gives after a failure.
 * @param used how often each hop has sent this request again already
 */
export function retryingHop(
  hops: readonly Hop[],
  used: readonly number[],
  outcome: Outcome,
): number | undefined {
  let seen = outcome;
  for (let depth = hops.length - 1; depth >= 0; depth--) {
    const hop = hops[depth];
    const action = hop?.rule.action;
    // A hop that sent nothing on, as for the sake of a fault, has nothing to send again.
    const retry = action?.kind === "forward" && hop?.before !== undefined ? action.retry : undefined;
    const isLeft = retry !== undefined && (used[depth] ?? 0) < retry.attempts;
    if (isLeft && retry.on.some((condition) => meets(seen, condition))) return depth;
    if ("failure" in seen) seen = { status: statusAfter(seen.failure) };
  }
  return undefined;
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
