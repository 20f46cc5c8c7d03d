import { formatProblem } from "../../manifests/problem.ts";
import type { SplitOwner } from "../../traffic/split-owner.ts";
import { ApiError } from "../kube/api-error.ts";
import { apiKind } from "../../manifests/kinds/registry.ts";
import type { Kube } from "../kube/client.ts";
import { watch } from "../kube/watch.ts";
import { followWorkload, readWorkload } from "../workload/follow.ts";
import type { ServiceView } from "../workload/workload-view.ts";
import { readLivePlan } from "./live-plan.ts";
import { liveSplit, type SplitCall } from "./live-split.ts";

/** The workload of a namespace, and its split. */
export interface Status {
  services: ServiceView[];
  /** The engine that owns the split of the call, and the share of each revision, from 0 to 1. */
  split: { by: SplitOwner; header: string | undefined; shares: Record<string, number> } | undefined;
  /** Problems in the routes; they can make the split differ. */
  problems: string[];
}

/** Reads the status of a namespace once. @param call the call whose split is read; without it none is */
export async function readStatus(kube: Kube, namespace: string, call?: SplitCall): Promise<Status> {
  const [services, split] = await Promise.all([
    readWorkload(kube, namespace),
    readSplit(kube, namespace, call),
  ]);
  return { services, ...split };
}

/**
 * Follows the status of a namespace until the signal comes: calls back at the start and after changes, each time with the
 * latest state. Changes that come while one is being read count as one.
 */
export async function followStatus(
  kube: Kube,
  namespace: string,
  { signal, call }: { signal: AbortSignal; call?: SplitCall | undefined },
  onStatus: (status: Status) => void,
): Promise<void> {
  const controller = new AbortController();
  const until = AbortSignal.any([signal, controller.signal]);
  const { promise: failed, reject } = Promise.withResolvers<never>();
  let services: ServiceView[] | undefined;
  let changed = false;
  let reading = false;
  const read = async (): Promise<void> => {
    changed = true;
    if (reading) return;
    reading = true;
    while (changed && services !== undefined && !until.aborted) {
      changed = false;
      const split = await readSplit(kube, namespace, call);
      if (!until.aborted) onStatus({ services, ...split });
    }
    reading = false;
  };
  const poke = (): void => void read().catch(reject);
  const following = Promise.all([
    followWorkload(kube, namespace, until, (view) => {
      services = view;
      poke();
    }),
    // With the engine istio, the VirtualService changes the split.
    watch(kube, apiKind("virtualServices"), { namespace, signal: until }, poke).catch(ignoreNoSuchKind),
  ]);
  try {
    await Promise.race([following, failed]);
  } finally {
    controller.abort();
  }
}

async function readSplit(
  kube: Kube,
  namespace: string,
  call: SplitCall | undefined,
): Promise<Pick<Status, "split" | "problems">> {
  // The domain does not matter: no host of a public service is resolved here.
  const live = await readLivePlan(kube, namespace, "example.com");
  const found = call && liveSplit(live, namespace, call);
  return {
    split: found && { by: found.by, header: found.header, shares: Object.fromEntries(found.shares) },
    problems: live.problems.map(formatProblem),
  };
}

function ignoreNoSuchKind(error: unknown): void {
  if (!(error instanceof ApiError && error.reason === "NoSuchKind")) throw error;
}
