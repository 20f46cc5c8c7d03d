import Type, { type TSchemaOptions } from "typebox";
import type { FieldPath } from "../../manifests/document.ts";
import { didYouMean } from "../../nearest.ts";
import { Duration, durationMs, type FieldNotes, strict } from "../../schema/schema.ts";
import type { ForwardAction, RetryPolicy } from "../../traffic/table.ts";
import type { HTTPRoute } from "../families.ts";
import type { FieldFamily, Report, RouterEffect } from "../field-family.ts";

const Retries = strict({
  attempts: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
  perTryTimeout: Type.Optional(Duration),
  retryOn: Type.Optional(Type.String()),
  backoff: Type.Optional(Duration),
  retryIgnorePreviousHosts: Type.Optional(Type.Boolean()),
  // One machine is one locality.
  retryRemoteLocalities: Type.Optional(
    Type.Boolean({ clusterOnly: true } satisfies FieldNotes & TSchemaOptions),
  ),
});

/** The time limit is for all tries together. */
const router: RouterEffect = {
  outcome({ retry, timeoutMs }, outcome, build) {
    const retried = build.retried(retry, outcome);
    return timeoutMs === undefined ? retried : build.limited(timeoutMs, retried);
  },
};

/** `timeout` and `retries`: the time limit of a response, and the retries of a failed request. */
export const retriesFamily = {
  fields: { timeout: Type.Optional(Duration), retries: Type.Optional(Retries) },
  onlyForwarding: true,
  compared: {
    forward: ["timeoutMs", "retry"],
    retry: ["attempts", "perTryTimeoutMs", "on", "backOffMs", "avoidsTried", "remoteLocalities"],
  },
  router,
} satisfies FieldFamily;

/** No retries. */
export const NO_RETRY: RetryPolicy = {
  attempts: 0,
  perTryTimeoutMs: undefined,
  on: [],
  backOffMs: 25,
  avoidsTried: true,
  remoteLocalities: false,
};

/**
 * The policy that istiod writes for a route without a `retries` block.
 * (istio 1.31, pilot/pkg/networking/core/route/retry/retry.go)
 */
export const DEFAULT_RETRY: RetryPolicy = {
  ...NO_RETRY,
  attempts: 2,
  on: ["connect-failure", "refused-stream", "unavailable", "cancelled"],
};

// The conditions of retryOn besides status codes. (istio, pkg/config/validation/validation.go,
// supportedRetryOnPolicies)
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

// Enables the status codes. istiod adds it if there are any, and writes it in its default, which has none. (istio
// 1.31, pilot/pkg/networking/core/route/retry/retry.go, parseRetryOn)
const STATUS_CODES = "retriable-status-codes";

/** Compiles the time limit of a response, and the number and conditions of retries. */
export function compileRetries(
  { timeout, retries }: HTTPRoute,
  path: FieldPath,
  report: Report,
): Pick<ForwardAction, "timeoutMs" | "retry"> {
  return { timeoutMs: milliseconds(timeout), retry: readRetry(retries, path, report) };
}

function readRetry(retries: HTTPRoute["retries"], path: FieldPath, report: Report): RetryPolicy {
  if (retries === undefined) return DEFAULT_RETRY;
  const { attempts = 0, perTryTimeout, retryOn, backoff } = retries;
  // As in istiod's webhook, which does not check the others. (istio, pkg/config/validation/validation.go)
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
    // Istio accepts no spaces around the commas.
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
    on: on === undefined ? DEFAULT_RETRY.on : on.filter((condition) => condition !== STATUS_CODES),
    backOffMs,
    avoidsTried: retries.retryIgnorePreviousHosts ?? DEFAULT_RETRY.avoidsTried,
    remoteLocalities: retries.retryRemoteLocalities ?? DEFAULT_RETRY.remoteLocalities,
  };
}

/** Milliseconds of an optional duration; 0 means no limit. */
function milliseconds(duration: string | undefined): number | undefined {
  return duration === undefined ? undefined : durationMs(duration) || undefined;
}
