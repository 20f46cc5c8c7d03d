import { Check } from "typebox/schema";
import { readDocuments } from "../../../manifests/read.ts";
import { inNamespace } from "../../deploy/namespace.ts";
import { KubeObject, refOf } from "../../kube/kube-object.ts";
import type { Stage } from "../scenario.ts";

const STRICT = "istio/strict";
// What the other overlays do not have, and so do not replace.
const OF_BY_KNATIVE = ["Sidecar", "ServiceEntry"];
const OWN = [...OF_BY_KNATIVE, "PeerAuthentication", "AuthorizationPolicy"];

/** Puts the strict overlay in force with a split by Knative, or with one by Istio. */
export async function applyStrict(stage: Stage, by: "Knative" | "Istio"): Promise<void> {
  await stage.deploy([STRICT]);
  if (by === "Knative") return;
  await stage.deploy(["istio/split/by-istio"]);
  await remove(stage, OF_BY_KNATIVE);
}

/** Removes what only the strict overlay has. */
export async function takeStrictBack(stage: Stage): Promise<void> {
  await remove(stage, OWN);
}

async function remove({ kube, root, namespace }: Stage, kinds: readonly string[]): Promise<void> {
  const { documents } = await readDocuments(root, [STRICT]);
  for (const { value } of documents) {
    if (Check(KubeObject, value) && kinds.includes(value.kind))
      await kube.delete(refOf(inNamespace(value, namespace)));
  }
}
