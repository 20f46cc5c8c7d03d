import { formatProblem } from "../../manifests/problem.ts";
import { findIngress } from "../ingress.ts";
import type { Kube } from "../kube/client.ts";
import { readLivePlan } from "../live/live-plan.ts";
import { isPublic, liveSplit } from "../live/live-split.ts";
import { readWorkload } from "../workload/follow.ts";
import type { CheckResult } from "./check.ts";
import { type Ask, contractChecks } from "./contract.ts";
import { objectChecks, workloadChecks } from "./object-checks.ts";
import { splitChecks } from "./split-checks.ts";

export interface VerifyOptions {
  kube: Kube;
  namespace: string;
  /** The ingress gateway's address; found by trying when undefined. */
  ingress: string | undefined;
  /** How many requests the observed split rests on. */
  requests: number;
  signal: AbortSignal;
  onProgress(what: string): void;
}

// From zero a revision takes some seconds, and the first request waits for two of them.
const REQUEST_TIMEOUT_MS = 60_000;

/**
 * Checks what runs: the objects, the contract and header routing through the ingress, the planned split against the
 * observed one, and last the pods, which the requests have woken.
 * @throws NoIngress, ApiError, Unreachable
 */
export async function verify(options: VerifyOptions): Promise<CheckResult[]> {
  const { kube, namespace, requests, signal, onProgress } = options;
  onProgress("looking at the objects");
  const objects = await objectChecks(kube, namespace);
  const live = await readLivePlan(kube, namespace, "example.com");
  const { url } = await findIngress({ kube, given: options.ingress, signal });
  const ask: Ask = (path, headers = {}) => {
    const either = AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]);
    return fetch(`${url}${path}`, { headers, redirect: "manual", signal: either });
  };
  // Where an object is not understood, the planned split may differ from the real one.
  for (const problem of live.problems) onProgress(formatProblem(problem));
  onProgress(`asking ${url} what the contract promises`);
  const contract = await contractChecks(ask, {
    creditCheck: isPublic(live, "/credit-check/basic"),
    swagger: isPublic(live, "/swagger/json"),
  });
  // A cancelled request is not a failed check.
  signal.throwIfAborted();
  const split = liveSplit(live, namespace);
  onProgress(`sending ${requests} requests through the split`);
  const observed = split
    ? await splitChecks({ ask, planned: split.shares, requests, signal })
    : [
        {
          group: "split",
          name: "who decides it",
          expected: "Knative or Istio",
          seen: "no route leads to a revision",
          ok: false,
        },
      ];
  signal.throwIfAborted();
  return [...objects, ...workloadChecks(await readWorkload(kube, namespace)), ...contract, ...observed];
}
