import type { Kube } from "../../cluster/kube/client.ts";
import { forwardPort } from "../../cluster/kube/port-forward.ts";
import { FORWARD_PORTS, GET_PODS, LIST_PODS, type PolicyRule, type Rights } from "../../cluster/rbac.ts";
import { UserError } from "../../cluster/user-error.ts";
import { gatewayPods } from "../../cluster/workload/proxies.ts";
import { CLUSTER_DOMAIN } from "../../traffic/hosts.ts";
import type { RevisionAddress } from "../engine.ts";
import { historyName } from "./history-map.ts";

/** The service of an engine of a cluster. */
export interface ClusterEngineOptions {
  kube: Kube;
  namespace: string;
  service: string;
  /** Milliseconds since the epoch. @default Date.now */
  now?: (() => number) | undefined;
}

// The port of the gateway's pods for cluster-local hosts. (net-istio, config/203-local-gateway.yaml)
const LOCAL_GATEWAY_PORT = 8081;

/** A version of an object, which changes with every change of the spec, even back to an earlier one. */
export function versionOf({
  metadata,
}: {
  metadata: { uid?: string | undefined; generation?: number | undefined };
}): string {
  return `${metadata.uid ?? ""}/${metadata.generation ?? 0}`;
}

/** The address of a revision by its tag, through a pod of the gateway. The first request starts a revision at zero. */
export async function addressByGateway(
  { kube, namespace, service }: ClusterEngineOptions,
  tag: string,
): Promise<RevisionAddress> {
  const [gateway] = await gatewayPods(kube);
  if (gateway === undefined) throw new UserError("No pod of the ingress gateway is ready.");
  const forward = await forwardPort({
    kube,
    namespace: gateway.namespace,
    pod: gateway.pod,
    port: LOCAL_GATEWAY_PORT,
  });
  return {
    url: forward.url,
    host: `${tag}-${service}.${namespace}.${CLUSTER_DOMAIN}`,
    [Symbol.dispose]: () => forward[Symbol.dispose](),
  };
}

/**
 * Returns the rights that an engine needs: to read the objects that determine routes, to write its own object and its
 * history, and to read the routes of the proxies of the gateway and of the namespace.
 * @param written the right to change the object that holds the split
 */
export function rightsToWrite(service: string, written: PolicyRule): Rights {
  return {
    own: [
      written,
      { apiGroups: ["serving.knative.dev"], resources: ["services", "revisions"], verbs: ["get", "list"] },
      { apiGroups: ["networking.istio.io"], resources: ["virtualservices"], verbs: ["get", "list"] },
      {
        apiGroups: [""],
        resources: ["configmaps"],
        resourceNames: [historyName(service)],
        verbs: ["get", "update", "patch"],
      },
      LIST_PODS,
      GET_PODS,
      FORWARD_PORTS,
    ],
    gateways: [GET_PODS, FORWARD_PORTS],
    // The gateway can be in any namespace.
    everywhere: [LIST_PODS],
  };
}
