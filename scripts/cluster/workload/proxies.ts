import type { Kube } from "../kube/client.ts";
import { checked } from "./follow.ts";
import { LivePod, POD } from "./live-objects.ts";

/** A pod with an Envoy that routes requests. */
export interface Proxy {
  namespace: string;
  pod: string;
  /** Whether it is a sidecar of a service's container, and routes its requests. */
  isSidecar: boolean;
  metadata: LivePod["metadata"];
}

/** The pods of the ingress gateway that take requests now. */
export async function gatewayPods(kube: Kube): Promise<Proxy[]> {
  const { items } = await kube.list(POD, { labelSelector: "istio=ingressgateway" });
  return checked(LivePod, items).flatMap((pod) => (isServing(pod) ? [proxyOf(pod, false)] : []));
}

/** Returns the sidecars of a namespace: those of callers within it route requests themselves. */
export async function sidecarPods(kube: Kube, namespace: string): Promise<Proxy[]> {
  const { items } = await kube.list(POD, { namespace });
  return checked(LivePod, items).flatMap((pod) => {
    const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
    const sidecar = [...containerStatuses, ...initContainerStatuses].find(
      ({ name }) => name === "istio-proxy",
    );
    return sidecar?.ready === true && isServing(pod) ? [proxyOf(pod, true)] : [];
  });
}

function isServing({ metadata, status }: LivePod): boolean {
  return metadata.deletionTimestamp === undefined && status?.phase === "Running";
}

function proxyOf({ metadata }: LivePod, isSidecar: boolean): Proxy {
  return { namespace: metadata.namespace ?? "default", pod: metadata.name, isSidecar, metadata };
}
