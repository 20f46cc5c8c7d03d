import { deleteAndWait } from "../kube/delete-and-wait.ts";
import type { ObjectRef } from "../kube/kube-object.ts";
import { nameOf } from "../kube/kube-object.ts";
import { forgetStep, type LedgerEntry } from "./ledger.ts";
import type { PlatformContext } from "./platform-context.ts";
import type { Report } from "./step.ts";
import { until } from "./wait-until.ts";

/**
 * Removes what was applied of a release, the last first: webhooks before what answers them. Kinds and namespaces take
 * their objects with them, and are waited for.
 */
export async function removeRelease(
  platform: PlatformContext,
  { step, objects }: LedgerEntry,
  report: Report,
): Promise<string> {
  const kube = platform.kube();
  const reversed = [...objects].reverse();
  for (const ref of reversed.filter((object) => !takesOthers(object))) {
    platform.signal.throwIfAborted();
    report("deleting", nameOf(ref));
    await kube.delete(ref);
  }
  for (const ref of reversed.filter(takesOthers)) {
    platform.signal.throwIfAborted();
    report("waiting until kinds and namespaces are gone", nameOf(ref));
    await deleteAndWait(kube, ref, { timeoutMs: platform.timeoutMs, signal: platform.signal });
  }
  // A controller may have made one again while what it was made from was still there.
  await until(`Removing ${step}`, platform, report, async () => {
    for (const ref of reversed)
      if (await platform.kube().delete(ref)) return `deleting ${nameOf(ref)} once more`;
    return undefined;
  });
  await forgetStep(kube, step);
  return `${objects.length} objects removed`;
}

function takesOthers({ kind }: ObjectRef): boolean {
  return kind === "Namespace" || kind === "CustomResourceDefinition";
}
