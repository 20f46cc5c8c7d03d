import type { RetryPolicy } from "../../traffic/table.ts";

/**
 * How a try can fail: nothing listens at the destination, the answer is not HTTP, the connection ended before the head
 * (`closed`) or the body (`broken`) of the response was complete, or perTryTimeout passed (`late`).
 */
export type Failure = "refused" | "malformed" | "closed" | "broken" | "late";

/** The result of a try: a status, or a failure. */
export type Outcome = { status: number } | { failure: Failure };

/** Whether a policy retries after this result of a request's try. @param number of the retry, from 1 */
export function isRetried({ attempts, on }: RetryPolicy, outcome: Outcome, number: number): boolean {
  return number <= attempts && on.some((condition) => meets(outcome, condition));
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

/**
 * The wait before a retry in whole milliseconds: uniform below an interval that doubles with each retry, up to ten times
 * the first.
 * (envoy, source/common/common/backoff_strategy.cc, and the router filter's documentation of x-envoy-max-retries)
 * @param number of the retry, from 1
 */
export function backOff({ backOffMs }: RetryPolicy, number: number, random: () => number): number {
  return Math.floor(random() * backOffMs * Math.min(2 ** (number - 1), 10));
}
