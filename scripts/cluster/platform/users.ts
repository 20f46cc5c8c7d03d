import type { Kube } from "../kube/client.ts";
import { type Kind, type KubeObject, nameOf, refOf } from "../kube/kube-object.ts";
import { isManaged } from "../ownership.ts";
import { ISTIO } from "./steps/istio.ts";
import { KNATIVE, SERVING } from "./steps/knative.ts";
import { NETWORKING } from "./steps/networking.ts";

const KNATIVE_SERVICE = { apiVersion: "serving.knative.dev/v1", kind: "Service" } as const;
const VIRTUAL_SERVICE = { apiVersion: "networking.istio.io/v1", kind: "VirtualService" } as const;
const GATEWAY = { apiVersion: "networking.istio.io/v1", kind: "Gateway" } as const;

const OF_KNATIVE = "networking.internal.knative.dev/ingress";

/** What others have in the cluster and would lose with these parts of the platform, by kind and name. */
export async function platformUsers(kube: Kube, parts: readonly string[]): Promise<string[]> {
  const ofKnative = parts.includes(ISTIO) || parts.includes(KNATIVE) || parts.includes(NETWORKING);
  const ofIstio = parts.includes(ISTIO);
  const [services, routes, gateways] = await Promise.all([
    ofKnative ? others(kube, KNATIVE_SERVICE) : [],
    ofIstio ? others(kube, VIRTUAL_SERVICE) : [],
    ofIstio ? others(kube, GATEWAY) : [],
  ]);
  return [
    ...services.map((object) => `Knative ${nameOf(refOf(object))}`),
    // Those that Knative writes itself go with its services.
    ...routes
      .filter(({ metadata }) => metadata.labels?.[OF_KNATIVE] === undefined)
      .map((object) => nameOf(refOf(object))),
    ...gateways
      .filter(({ metadata }) => metadata.namespace !== SERVING)
      .map((object) => nameOf(refOf(object))),
  ];
}

async function others(kube: Kube, kind: Kind): Promise<KubeObject[]> {
  const { items } = await kube.list(kind);
  return items.filter((object) => !isManaged(object));
}
