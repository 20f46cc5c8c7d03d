import { NO_CHANGE } from "../route-fields/headers/header-list.ts";
import { NO_RETRY } from "../route-fields/retries/retries.ts";
import type { Destination, ForwardAction } from "./table.ts";

/** An action that forwards by weight without any change: no rewrite, fault, mirror, time limit or retry. */
export function plainForward(destinations: readonly Destination[]): ForwardAction {
  return {
    kind: "forward",
    destinations,
    totalWeight: destinations.reduce((sum, { weight }) => sum + weight, 0),
    rewriteUri: undefined,
    rewriteRegex: undefined,
    fault: undefined,
    mirrors: [],
    timeoutMs: undefined,
    retry: NO_RETRY,
    request: NO_CHANGE,
    response: NO_CHANGE,
  };
}
