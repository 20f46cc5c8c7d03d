import { counted } from "../../../format.ts";
import type { Kube } from "../../kube/client.ts";
import { deleteAndWait } from "../../kube/delete-and-wait.ts";
import { type KubeObject, nameOf, refOf } from "../../kube/kube-object.ts";
import { kindsInRemovalOrder } from "../../../manifests/kinds/deploy-order.ts";
import type { PlatformContext } from "../platform-context.ts";
import type { Step, Report } from "../step.ts";
import { isManaged, MANAGED_BY, MANAGER } from "../../ownership.ts";
import { SERVING } from "./knative.ts";

/** Removes the objects of `deploy`: those with its label, and the namespace if it has the label too. */
export function deployedStep(namespace: string): Step {
  return {
    name: "deployed",
    title: "What was deployed",
    async inspect(platform) {
      const found = await deployed(platform.kube(), namespace);
      if (found.length === 0) return { done: true, detail: "nothing is there" };
      return { done: false, detail: `${counted(found.length, "object")} of ${namespace}` };
    },
    run: (platform, report) => remove(platform, namespace, report),
  };
}

/** Returns the deployed objects in the order of removal. Policies may be in the platform's own namespaces. */
async function deployed(kube: Kube, namespace: string): Promise<KubeObject[]> {
  const labelSelector = `${MANAGED_BY}=${MANAGER}`;
  const lists = await Promise.all(
    kindsInRemovalOrder().flatMap((kind) =>
      [namespace, "istio-system", SERVING].map((each) => kube.list(kind, { namespace: each, labelSelector })),
    ),
  );
  const objects = lists.flatMap(({ items }) => items).filter(standsAlone);
  const own = await kube.get({ apiVersion: "v1", kind: "Namespace", name: namespace });
  return own !== undefined && isManaged(own) ? [...objects, own] : objects;
}

/** Whether an object has no owner: objects with an owner are deleted with it. */
function standsAlone({ metadata }: KubeObject): boolean {
  const { ownerReferences } = metadata as { ownerReferences?: unknown[] };
  return (ownerReferences ?? []).length === 0;
}

async function remove(platform: PlatformContext, namespace: string, report: Report): Promise<string> {
  const kube = platform.kube();
  const objects = await deployed(kube, namespace);
  for (const object of objects) {
    platform.signal.throwIfAborted();
    const ref = refOf(object);
    report(`removing ${nameOf(ref)}`);
    // Knative's controllers delete the objects of a service, so they must still run.
    await deleteAndWait(kube, ref, { timeoutMs: platform.timeoutMs, signal: platform.signal });
  }
  return `${objects.length} objects removed`;
}
