import type { Kind } from "../kube/kube-object.ts";

/** A kind as reported by discovery. */
export interface FakeKind extends Kind {
  plural: string;
  namespaced: boolean;
}

/** The kinds of every cluster. */
export const BUILT_IN: readonly FakeKind[] = [
  core("Namespace", "namespaces", false),
  core("Node", "nodes", false),
  core("Pod", "pods"),
  core("Event", "events"),
  core("Service", "services"),
  core("ConfigMap", "configmaps"),
  core("Secret", "secrets"),
  core("ServiceAccount", "serviceaccounts"),
  { apiVersion: "apps/v1", kind: "Deployment", plural: "deployments", namespaced: true },
  {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    plural: "networkpolicies",
    namespaced: true,
  },
  {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    plural: "customresourcedefinitions",
    namespaced: false,
  },
];

/** The path of a version of an API group. */
export function groupPath({ apiVersion }: Kind): string {
  return apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

function core(kind: string, plural: string, namespaced = true): FakeKind {
  return { apiVersion: "v1", kind, plural, namespaced };
}
