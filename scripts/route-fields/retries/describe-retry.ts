import type { RetryPolicy } from "../../traffic/table.ts";
import { NO_RETRY } from "./retries.ts";

/** Describes a retry policy. Descriptions are equal exactly if the policies are equivalent. */
export function describeRetry({
  attempts,
  perTryTimeoutMs,
  on,
  backOffMs,
  avoidsTried,
  remoteLocalities,
}: RetryPolicy): string {
  const meant = [...new Set(on)].filter(adds).sort().join(", ");
  return [
    `${attempts} attempt${attempts === 1 ? "" : "s"} on ${meant || "nothing"}`,
    ...(perTryTimeoutMs === undefined ? [] : [`each within ${perTryTimeoutMs} ms`]),
    ...(backOffMs === NO_RETRY.backOffMs ? [] : [`the first after up to ${backOffMs} ms`]),
    ...(avoidsTried ? [] : ["also where it failed before"]),
    ...(remoteLocalities ? ["in other localities"] : []),
  ].join(", ");

  // 5xx and gateway-error include other conditions. (Envoy, "x-envoy-retry-on" in the router filter's documentation)
  function adds(condition: string): boolean {
    const isOf5xx = ["connect-failure", "refused-stream", "reset", "gateway-error"].includes(condition);
    if (on.includes("5xx") && (isOf5xx || /^5[0-9][0-9]$/.test(condition))) return false;
    return !(on.includes("gateway-error") && ["502", "503", "504"].includes(condition));
  }
}
