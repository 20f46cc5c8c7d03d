import { type LoadResult, steadyLoad } from "../load/steady.ts";
import type { Ask } from "../cluster/verify/contract.ts";
import type { Stage } from "./scenario.ts";

export const CUSTOMER = "/kyc/v1/customer";

/** A request through the split, and the header of its answer that names the revision. */
export const THROUGH_SPLIT = { path: CUSTOMER, revisionHeader: "x-kyc-revision" };

// A cold start takes some seconds, and the first request waits for two of them.
const REQUEST_TIMEOUT_MS = 60_000;

/** Sends single requests to the ingress; they end with the stage. */
export function askOf({ ingress, signal }: Stage): Ask {
  return (path, request = {}) => {
    const either = AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]);
    return fetch(`${ingress}${path}`, { ...request, redirect: "manual", signal: either });
  };
}

/** Sends a request and reads its response to the end. @returns the status; 0 without a complete response */
export async function statusOf(ask: Ask, ...request: Parameters<Ask>): Promise<number> {
  try {
    const response = await ask(...request);
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 0;
  }
}

/** The results of a load. */
export interface LoadReport {
  results: LoadResult[];
  failed: LoadResult[];
}

/**
 * Keeps a steady load on the ingress during an action, and a little before and after.
 * @param rps requests per second
 * @param headers of each request @default none
 */
export async function underLoad(
  stage: Stage,
  rps: number,
  work: () => Promise<void>,
  headers: Readonly<Record<string, string>> = {},
): Promise<LoadReport> {
  const controller = new AbortController();
  const results: LoadResult[] = [];
  const load = steadyLoad({
    url: `${stage.ingress}${CUSTOMER}`,
    rps,
    headers,
    revisionHeader: THROUGH_SPLIT.revisionHeader,
    signal: AbortSignal.any([controller.signal, stage.signal]),
    onResult: (result) => results.push(result),
  });
  try {
    await Bun.sleep(500);
    await work();
    await Bun.sleep(500);
  } finally {
    controller.abort();
    await load;
  }
  return { results, failed: results.filter(({ status }) => status !== 200) };
}

/** Summarises the failed requests in a few words. */
export function describeFailures(failed: readonly LoadResult[]): string {
  const kinds = new Map<string, number>();
  for (const { status, error } of failed) {
    const kind = status === 0 ? (error ?? "no answer") : String(status);
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  return [...kinds].map(([kind, count]) => `${count} x ${kind}`).join(", ");
}

/** Waits until the ingress answers 200 several times in a row, so that nothing is measured while pods start. */
export async function untilWarm(
  stage: Stage,
  headers: readonly Readonly<Record<string, string>>[] = [{}],
): Promise<void> {
  const ask = askOf(stage);
  const end = performance.now() + 90_000;
  for (let good = 0; good < 10 * headers.length;) {
    stage.signal.throwIfAborted();
    if (performance.now() > end) throw new Error("the services do not answer through the ingress gateway");
    const status = await statusOf(ask, CUSTOMER, { headers: headers[good % headers.length] ?? {} });
    if (status === 200) good++;
    else {
      good = 0;
      await Bun.sleep(500);
    }
  }
}

/** One request to each version, so that neither has to start while something is measured. */
export const BOTH_VERSIONS = [{ "end-user": "basic" }, { "end-user": "advanced" }];
