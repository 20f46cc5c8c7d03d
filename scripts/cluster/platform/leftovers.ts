import Type from "typebox";
import { ApiError } from "../kube/api-error.ts";
import type { Kube } from "../kube/client.ts";
import { type Kind, nameOf, refOf } from "../kube/kube-object.ts";
import { MANAGED_BY, MANAGER } from "../ownership.ts";
import { LEDGER } from "./ledger.ts";

const Groups = Type.Object({
  groups: Type.Array(Type.Object({ preferredVersion: Type.Object({ groupVersion: Type.String() }) })),
});

const Resources = Type.Object({
  resources: Type.Array(
    Type.Object({ name: Type.String(), kind: Type.String(), verbs: Type.Array(Type.String()) }),
  ),
});

/**
 * Lists every labelled object in the cluster, of all kinds, except the record of `up`: none should remain after the
 * deployed objects are removed.
 */
export async function findLeftovers(kube: Kube): Promise<string[]> {
  const left: string[] = [];
  for (const kind of await kinds(kube)) {
    const { items } = await kube
      .list(kind, { labelSelector: `${MANAGED_BY}=${MANAGER}` })
      .catch(noneIfRefused);
    left.push(...items.map((item) => nameOf(refOf(item))));
  }
  return left.filter((name) => name !== nameOf(LEDGER)).sort();
}

/** Returns every kind whose objects can be listed, each in one version. */
async function kinds(kube: Kube): Promise<Kind[]> {
  const what = "cannot look up what kinds there are";
  const { groups } = await kube.json(what, "/apis", Groups);
  const versions = ["v1", ...groups.map(({ preferredVersion }) => preferredVersion.groupVersion)];
  const found: Kind[] = [];
  for (const apiVersion of versions) {
    const path = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    // An aggregated API whose server is down responds with 503; this tool creates no objects there.
    const known = await kube.json(what, path, Resources).catch(undefinedIfRefused);
    for (const { name, kind, verbs } of known?.resources ?? [])
      if (!name.includes("/") && verbs.includes("list") && kind !== "ComponentStatus")
        found.push({ apiVersion, kind });
  }
  return found;
}

function undefinedIfRefused(error: unknown): undefined {
  if (error instanceof ApiError) return undefined;
  throw error;
}

function noneIfRefused(error: unknown): { items: [] } {
  if (error instanceof ApiError) return { items: [] };
  throw error;
}
