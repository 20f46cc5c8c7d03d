import { GATEWAY_NAMESPACE } from "./visibility.ts";

/**
 * What is known of the pods whose proxy has a rule. istiod leaves matches out of a proxy's routes that ask for callers of
 * another namespace or with other labels, also at a gateway, where the caller is the gateway itself. (istio 1.31,
 * pilot/pkg/networking/core/route/route.go, sourceMatchHTTP)
 */
export interface ProxyPods {
  /** Undefined where it is not known. */
  namespace: string | undefined;
  /** All of them; undefined where they are not known. */
  labels: Readonly<Record<string, string>> | undefined;
}

/** The ingress gateway as Istio's charts install it. */
export const INGRESS_PODS: ProxyPods = {
  namespace: GATEWAY_NAMESPACE,
  labels: { app: "istio-ingressgateway", istio: "ingressgateway" },
};

/** The pods of a Gateway's selector, which are taken to have no label beside. */
export function selectedPods(selector: Readonly<Record<string, string>>): ProxyPods {
  if (selector["istio"] !== "ingressgateway") return { namespace: undefined, labels: selector };
  return { ...INGRESS_PODS, labels: { ...INGRESS_PODS.labels, ...selector } };
}
