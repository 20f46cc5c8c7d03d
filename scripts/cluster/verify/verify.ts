import { Check } from "typebox/schema";
import { formatProblem } from "../../manifests/problem.ts";
import { findIngress } from "../ingress.ts";
import type { Kube } from "../kube/client.ts";
import { type LivePlan, readLivePlan } from "../live/live-plan.ts";
import { isPublic, liveSplit } from "../live/live-split.ts";
import { manifestFolders } from "../../manifests/folders.ts";
import { namespaceIn } from "../../manifests/namespace-of-files.ts";
import { readDocuments } from "../../manifests/read.ts";
import { inNamespace } from "../deploy/namespace.ts";
import { KubeObject } from "../kube/kube-object.ts";
import { callOf, CHECKS_FILE, readChecks, type SplitCheck } from "../checks-file.ts";
import { readWorkload } from "../workload/follow.ts";
import type { CheckResult } from "./check.ts";
import { type Ask, contractChecks } from "./contract.ts";
import { namesOfServices, objectChecks, workloadChecks } from "./object-checks.ts";
import { splitChecks } from "./split-checks.ts";

export interface VerifyOptions {
  kube: Kube;
  /** The folder that holds knative/, istio/ and checks.yaml. */
  root: string;
  namespace: string;
  /** The ingress gateway's address. @default detected */
  ingress: string | undefined;
  /** The number of requests behind the observed split. */
  requests: number;
  signal: AbortSignal;
  onProgress(what: string): void;
}

// From zero a revision takes some seconds, and the first request waits for two of them.
const REQUEST_TIMEOUT_MS = 60_000;

/**
 * Checks the deployment: the objects, the contract and header routing through the ingress, the planned split against
 * the observed one, and last the pods, which the requests have woken.
 * @throws InvalidManifests if checks.yaml is invalid, NoIngress, ApiError, Unreachable
 */
export async function verify(options: VerifyOptions): Promise<CheckResult[]> {
  const { kube, root, namespace, requests, signal, onProgress } = options;
  const checks = await readChecks(root);
  const described = await describedObjects(root, namespace);
  onProgress("checking the objects");
  const objects = await objectChecks(kube, namespace, described);
  const live = await readLivePlan(kube, namespace, "example.com");
  const { url } = await findIngress({ kube, given: options.ingress, signal });
  const ask: Ask = (path, request = {}) => {
    const either = AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]);
    return fetch(`${url}${path}`, { ...request, redirect: "manual", signal: either });
  };
  // If an object is not understood, the planned split may differ from the real one.
  for (const problem of live.problems) onProgress(formatProblem(problem));
  const workload = async (): Promise<CheckResult[]> =>
    workloadChecks(await readWorkload(kube, namespace), namesOfServices(described));
  if (checks === undefined) {
    onProgress(`there is no ${CHECKS_FILE} in ${root}: only objects and pods are checked`);
    return [...objects, ...(await workload())];
  }
  onProgress(`checking ${url} against ${CHECKS_FILE}`);
  const contract = await contractChecks(ask, checks.requests, (path) => isPublic(live, path));
  // A cancelled request is not a failed check.
  signal.throwIfAborted();
  const observed: CheckResult[] = [];
  for (const split of checks.splits) {
    observed.push(...(await splitCheck(live, split, { ask, namespace, requests, signal, onProgress })));
    signal.throwIfAborted();
  }
  return [...objects, ...(await workload()), ...contract, ...observed];
}

async function splitCheck(
  live: LivePlan,
  split: SplitCheck,
  {
    ask,
    namespace,
    requests,
    signal,
    onProgress,
  }: Omit<VerifyOptions, "kube" | "root" | "ingress"> & { ask: Ask },
): Promise<CheckResult[]> {
  const planned = liveSplit(live, namespace, callOf(split));
  if (planned === undefined) {
    const seen = "no route leads to a revision";
    return [{ group: "split", name: "who decides it", expected: "Knative or Istio", seen, ok: false }];
  }
  onProgress(`sending ${requests} requests through the split of ${split.service}`);
  return splitChecks({ ask, counted: split, planned: planned.shares, requests, signal });
}

/** The objects of the files below a folder, in a namespace of the cluster. */
async function describedObjects(root: string, namespace: string): Promise<KubeObject[]> {
  const { documents } = await readDocuments(root, manifestFolders(root));
  const values = documents.map(({ value }) => value);
  const move = { from: namespaceIn(values), to: namespace };
  return values.flatMap((value) => (Check(KubeObject, value) ? [inNamespace(value, move)] : []));
}
