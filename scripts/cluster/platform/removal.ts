import { deleteAndWait } from "../kube/delete-and-wait.ts";
import type { ObjectRef } from "../kube/kube-object.ts";
import { nameOf } from "../kube/kube-object.ts";
import { forgetMade, type Made } from "./ledger.ts";
import type { Site } from "./platform-context.ts";
import type { Tell } from "./step.ts";
import { until } from "./wait-until.ts";

/**
 * Removes what was applied of a release, the last first: webhooks before what answers them. Kinds and namespaces take
 * their objects with them, and are waited for.
 */
export async function removeRelease(site: Site, { step, objects }: Made, tell: Tell): Promise<string> {
  const kube = site.kube();
  const reversed = [...objects].reverse();
  for (const ref of reversed.filter((object) => !takesOthers(object))) {
    site.signal.throwIfAborted();
    tell("deleting", nameOf(ref));
    await kube.delete(ref);
  }
  for (const ref of reversed.filter(takesOthers)) {
    site.signal.throwIfAborted();
    tell("waiting until kinds and namespaces are gone", nameOf(ref));
    await deleteAndWait(kube, ref, { timeoutMs: site.timeoutMs, signal: site.signal });
  }
  // A controller may have made one again while what it was made from was still there.
  await until(`Removing ${step}`, site, tell, async () => {
    for (const ref of reversed) if (await site.kube().delete(ref)) return `deleting ${nameOf(ref)} once more`;
    return undefined;
  });
  await forgetMade(kube, step);
  return `${objects.length} objects removed`;
}

function takesOthers({ kind }: ObjectRef): boolean {
  return kind === "Namespace" || kind === "CustomResourceDefinition";
}
