import type { Hop } from "../traffic/resolve.ts";
import type { UpstreamFailure } from "./http/client.ts";

/** What came back instead of a good answer: a status, or nothing. */
export type Outcome = { status: number } | { failure: UpstreamFailure["kind"] };

/**
 * The hop that sends the request again, counted from outside, or undefined when none does. The innermost goes first,
 * as with one proxy behind another.
 * @param used how often each hop has sent this request again already
 */
export function retryingHop(
  hops: readonly Hop[],
  used: readonly number[],
  outcome: Outcome,
): number | undefined {
  for (let depth = hops.length - 1; depth >= 0; depth--) {
    const action = hops[depth]?.rule.action;
    if (action?.kind !== "forward" || (used[depth] ?? 0) >= action.retry.attempts) continue;
    if (action.retry.on.some((condition) => meets(outcome, condition))) return depth;
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
