import { GATEWAY_NAMESPACE } from "./visibility.ts";

/**
 * The knowledge about the pods whose proxy has a rule. istiod drops matches on callers of another namespace or with
 * other labels from a proxy's routes, also at a gateway, where the caller is the gateway itself. (istio 1.31,
 * pilot/pkg/networking/core/route/route.go, sourceMatchHTTP)
 */
export interface ProxyPods {
  /** Undefined if it is unknown. */
  namespace: string | undefined;
  /** All labels; undefined if they are unknown. */
  labels: Readonly<Record<string, string>> | undefined;
}

/** The ingress gateway of Istio's charts. */
export const INGRESS_PODS: ProxyPods = {
  namespace: GATEWAY_NAMESPACE,
  labels: { app: "istio-ingressgateway", istio: "ingressgateway" },
};

/** The pods of a Gateway's selector, which are assumed to have no further labels. */
export function selectedPods(selector: Readonly<Record<string, string>>): ProxyPods {
  if (selector["istio"] !== "ingressgateway") return { namespace: undefined, labels: selector };
  return { ...INGRESS_PODS, labels: { ...INGRESS_PODS.labels, ...selector } };
}
