import { percent } from "../../format.ts";
import { wilson } from "../../traffic/wilson.ts";
import type { CheckResult } from "./check.ts";
import type { SplitCheck } from "../checks-file.ts";
import type { Ask } from "./contract.ts";

/** The request whose answers are counted, and the response header that names the revision. */
export type CountedRequest = Pick<SplitCheck, "path" | "headers" | "revisionHeader">;

export interface SplitOptions {
  counted: CountedRequest;
  ask: Ask;
  /** The share that each revision should get, from 0 to 1. */
  planned: ReadonlyMap<string, number>;
  requests: number;
  /** Ends it before all were sent. */
  signal?: AbortSignal | undefined;
}

/** How often each revision answered, and how many requests failed. */
export interface Observed {
  counts: Map<string, number>;
  failed: number;
  requests: number;
}

const AT_ONCE = 8;

/** Sends requests through the split and counts the revisions that answered, by the header that names them. */
export async function observeSplit(
  ask: Ask,
  { path, headers = {}, revisionHeader }: CountedRequest,
  requests: number,
  signal?: AbortSignal,
): Promise<Observed> {
  const counts = new Map<string, number>();
  let failed = 0;
  let left = requests;
  const worker = async (): Promise<void> => {
    while (left-- > 0 && signal?.aborted !== true) {
      const response = await ask(path, { headers }).catch(() => undefined);
      await response?.text();
      const revision = response?.headers.get(revisionHeader);
      if (response?.status === 200 && revision) counts.set(revision, (counts.get(revision) ?? 0) + 1);
      else failed++;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return { counts, failed, requests };
}

/**
 * Compares the planned split with the observed one: each planned share must lie in the interval around the observed
 * one.
 */
export async function splitChecks({
  ask,
  counted,
  planned,
  requests,
  signal,
}: SplitOptions): Promise<CheckResult[]> {
  const { counts, failed } = await observeSplit(ask, counted, requests, signal);
  const answered = requests - failed;
  const group = "split";
  const results: CheckResult[] = [
    { group, name: `failed of ${requests} requests`, expected: "0", seen: String(failed), ok: failed === 0 },
  ];
  for (const revision of new Set([...planned.keys(), ...counts.keys()])) {
    const share = planned.get(revision) ?? 0;
    const count = counts.get(revision) ?? 0;
    const { low, high } = wilson(count, answered);
    results.push({
      group,
      name: `share of ${revision}`,
      expected: percent(share),
      seen: `${percent(count / Math.max(answered, 1))} (99.9 % interval ${percent(low)} to ${percent(high)})`,
      // A share of 0 or 1 is exact.
      ok: share === 0 ? count === 0 : share === 1 ? count === answered : low <= share && share <= high,
    });
  }
  return results;
}
