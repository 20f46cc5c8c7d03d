import Type from "typebox";
import { Check } from "typebox/schema";
import { ApiError } from "../kube/api-error.ts";
import type { Kube } from "../kube/client.ts";
import type { KubeObject } from "../kube/kube-object.ts";

const STANDARD = "pod-security.kubernetes.io";
const ENFORCE = `${STANDARD}/enforce`;

/** Whether a namespace requests warnings about pods that violate the standard `restricted`, without enforcement. */
export function asksForRestricted({ kind, metadata }: KubeObject): boolean {
  const { labels = {} } = metadata;
  return kind === "Namespace" && labels[`${STANDARD}/warn`] === "restricted" && labels[ENFORCE] === undefined;
}

/** The namespace with the standard enforced. */
export function enforcing(namespace: KubeObject): KubeObject {
  const labels = { ...namespace.metadata.labels, [ENFORCE]: "restricted" };
  return { ...namespace, metadata: { ...namespace.metadata, labels } };
}

const Values = Type.Object({
  global: Type.Optional(
    Type.Object({
      proxy: Type.Optional(
        Type.Object({ seccompProfile: Type.Optional(Type.Object({ type: Type.Optional(Type.String()) })) }),
      ),
    }),
  ),
  pilot: Type.Optional(
    Type.Object({ cni: Type.Optional(Type.Object({ enabled: Type.Optional(Type.Boolean()) })) }),
  ),
});
const Injector = Type.Object({ data: Type.Object({ values: Type.String() }) });

/**
 * Returns why the standard `restricted` cannot be enforced on a namespace with Istio's sidecars: Istio adds an init
 * container with NET_ADMIN unless its CNI plugin does that work, and by default a sidecar without a seccomp profile.
 * Both are in the values of its injector (istio, manifests/charts/istio-control/istio-discovery).
 * @returns the reason, or undefined if it can be enforced
 */
export async function whyNotRestricted(kube: Kube): Promise<string | undefined> {
  let injectors: KubeObject[];
  try {
    const { items } = await kube.list({ apiVersion: "v1", kind: "ConfigMap" }, { namespace: "istio-system" });
    injectors = items.filter(({ metadata }) => metadata.name.startsWith("istio-sidecar-injector"));
  } catch (error) {
    if (error instanceof ApiError && error.code === 403)
      return "Istio's injector cannot be read with these credentials";
    throw error;
  }
  for (const injector of injectors) {
    const values = Check(Injector, injector) ? parsed(injector.data.values) : undefined;
    const { pilot, global } = Check(Values, values) ? values : {};
    if (pilot?.cni?.enabled !== true)
      return "Istio's sidecars need an init container with NET_ADMIN, as its CNI plugin is not installed";
    if (global?.proxy?.seccompProfile?.type !== "RuntimeDefault")
      return "Istio's sidecars have no seccomp profile (values.global.proxy.seccompProfile.type)";
  }
  return undefined;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
