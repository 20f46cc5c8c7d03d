import type { FieldPath } from "../../manifests/document.ts";
import type { HTTPRoute } from "../http-route.ts";
import { durationMs } from "../../schema/schema.ts";
import { didYouMean } from "../../nearest.ts";
import { NO_RETRY, type RetryPolicy } from "../../traffic/table.ts";
import type { Report } from "../../traffic/istio/report.ts";

/**
 * What istiod gives a route without a `retries` block.
 * (istio 1.31, pilot/pkg/networking/core/route/retry/retry.go)
 */
const DEFAULT_RETRY: RetryPolicy = {
  ...NO_RETRY,
  attempts: 2,
  on: ["connect-failure", "refused-stream", "unavailable", "cancelled"],
};

// What retryOn may name beside status codes. (istio, pkg/config/validation/validation.go, supportedRetryOnPolicies)
const RETRY_CONDITIONS = [
  "5xx",
  "gateway-error",
  "reset",
  "reset-before-request",
  "connect-failure",
  "retriable-4xx",
  "refused-stream",
  "retriable-status-codes",
  "retriable-headers",
  "envoy-ratelimited",
  "http3-post-connect-failure",
  "cancelled",
  "deadline-exceeded",
  "internal",
  "resource-exhausted",
  "unavailable",
];

/** Reads how often, and after what, a rule sends a request again. */
export function readRetry({ retries }: HTTPRoute, path: FieldPath, report: Report): RetryPolicy {
  if (retries === undefined) return DEFAULT_RETRY;
  const { attempts = 0, perTryTimeout, retryOn, backoff } = retries;
  // As istiod's webhook has it, which says nothing of the others. (istio, pkg/config/validation/validation.go)
  for (const field of ["perTryTimeout", "retryOn", "retryRemoteLocalities"] as const) {
    if (attempts === 0 && retries[field] !== undefined)
      report(
        "retries-off",
        [...path, field],
        "without attempts there are no retries",
        "add attempts, or remove it",
      );
  }
  const on = retryOn?.split(",");
  for (const condition of on ?? []) {
    // Istio takes no blanks around the commas.
    if (RETRY_CONDITIONS.includes(condition) || /^[1-5][0-9][0-9]$/.test(condition)) continue;
    const message = `${JSON.stringify(condition)} is not a condition for retries, nor a status code`;
    report("retry-condition", [...path, "retryOn"], message, didYouMean(condition, RETRY_CONDITIONS));
  }
  const backOffMs = backoff === undefined ? DEFAULT_RETRY.backOffMs : durationMs(backoff);
  if (backOffMs < 1 || !Number.isInteger(backOffMs))
    report(
      "retry-backoff",
      [...path, "backoff"],
      "a back-off is a whole number of milliseconds, at least 1",
      "write 1ms",
    );
  return {
    attempts,
    perTryTimeoutMs: milliseconds(perTryTimeout),
    on: on ?? DEFAULT_RETRY.on,
    backOffMs,
    avoidsTried: retries.retryIgnorePreviousHosts ?? DEFAULT_RETRY.avoidsTried,
    remoteLocalities: retries.retryRemoteLocalities ?? DEFAULT_RETRY.remoteLocalities,
  };
}

/** Of a duration that may not be given; 0 is as good as none. */
export function milliseconds(duration: string | undefined): number | undefined {
  return duration === undefined ? undefined : durationMs(duration) || undefined;
}
