import type { Static } from "typebox";
import { isRecord } from "../../schema/value.ts";
import { ConfigFeatures, ExternalNameService, Namespace, ServiceAccount } from "./core.ts";
import { Deployment } from "./deployment.ts";
import { DestinationRule } from "./istio-destination-rule.ts";
import { Gateway } from "./istio-gateway.ts";
import { AuthorizationPolicy, PeerAuthentication } from "./istio-security.ts";
import { ServiceEntry } from "./istio-service-entry.ts";
import { VirtualService } from "./istio-virtual-service.ts";
import { KnativeService } from "./knative-service.ts";
import { KubernetesService } from "./kubernetes-service.ts";
import type { Adapted, DeployedKind, KindEntry } from "./kind-entry.ts";
import { servedGateway } from "./served-gateway.ts";
import { Secret } from "./secret.ts";

/** A kind that makes routes, one file an object. */
const routing = { local: true, mayRepeat: false, routes: true, stage: "dependency" } as const;
const lintOnly = { local: false, mayRepeat: false, routes: false, stage: "policy" } as const;
/** A kind that the local mesh reads and that makes no routes. */
const local = { local: true, mayRepeat: false, routes: false, stage: "dependency" } as const;
const ISTIO = "networking.istio.io/v1";
const SECURITY = "security.istio.io/v1";

/** The kinds, by the name of their list in `Resources`. A kind is its file and its entry here. */
export const KINDS = {
  knativeServices: {
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    schema: KnativeService,
    ...routing,
    mayRepeat: true,
    stage: "workload",
  },
  virtualServices: {
    apiVersion: ISTIO,
    kind: "VirtualService",
    schema: VirtualService,
    ...routing,
    stage: "route",
  },
  gateways: { apiVersion: ISTIO, kind: "Gateway", schema: Gateway, ...routing, adapt: servedGateway },
  destinationRules: { apiVersion: ISTIO, kind: "DestinationRule", schema: DestinationRule, ...routing },
  serviceEntries: {
    apiVersion: ISTIO,
    kind: "ServiceEntry",
    schema: ServiceEntry,
    ...lintOnly,
    stage: "dependency",
  },
  externalNames: {
    apiVersion: "v1",
    kind: "Service",
    schema: ExternalNameService,
    ...routing,
    reads: ({ spec }) => isRecord(spec) && spec["type"] === "ExternalName",
  },
  kubernetesServices: {
    apiVersion: "v1",
    kind: "Service",
    schema: KubernetesService,
    ...local,
    unlinted: true,
    reads: ({ spec }) => !isRecord(spec) || spec["type"] !== "ExternalName",
  },
  deployments: {
    apiVersion: "apps/v1",
    kind: "Deployment",
    schema: Deployment,
    ...local,
    unlinted: true,
    stage: "workload",
  },
  namespaces: {
    apiVersion: "v1",
    kind: "Namespace",
    schema: Namespace,
    ...local,
    mayRepeat: true,
    stage: "namespace",
  },
  serviceAccounts: { apiVersion: "v1", kind: "ServiceAccount", schema: ServiceAccount, ...local },
  secrets: { apiVersion: "v1", kind: "Secret", schema: Secret, ...local },
  configFeatures: {
    apiVersion: "v1",
    kind: "ConfigMap",
    schema: ConfigFeatures,
    ...routing,
    reads: ({ metadata }) => isRecord(metadata) && metadata["name"] === "config-features",
  },
  peerAuthentications: {
    apiVersion: SECURITY,
    kind: "PeerAuthentication",
    schema: PeerAuthentication,
    ...lintOnly,
  },
  authorizationPolicies: {
    apiVersion: SECURITY,
    kind: "AuthorizationPolicy",
    schema: AuthorizationPolicy,
    ...lintOnly,
  },
} satisfies Record<string, KindEntry>;

/** Kinds that `deploy` applies as they are and `down` removes. This tool does not read them. */
export const UNREAD_KINDS: readonly DeployedKind[] = [
  { apiVersion: ISTIO, kind: "Sidecar", stage: "policy" },
  { apiVersion: "networking.istio.io/v1alpha3", kind: "EnvoyFilter", stage: "policy" },
  { apiVersion: "networking.istio.io/v1beta1", kind: "ProxyConfig", stage: "policy" },
  { apiVersion: ISTIO, kind: "WorkloadEntry", stage: "dependency" },
  { apiVersion: ISTIO, kind: "WorkloadGroup", stage: "dependency" },
  { apiVersion: "extensions.istio.io/v1alpha1", kind: "WasmPlugin", stage: "policy" },
  { apiVersion: SECURITY, kind: "RequestAuthentication", stage: "policy" },
  { apiVersion: "telemetry.istio.io/v1", kind: "Telemetry", stage: "policy" },
  { apiVersion: "policy/v1", kind: "PodDisruptionBudget", stage: "policy" },
  { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", stage: "policy" },
];

/** The name of a kind's list. */
export type KindName = keyof typeof KINDS;

/** The type of an object of a kind. */
export type ObjectOf<K extends KindName> = Static<(typeof KINDS)[K]["schema"]>;

/** `serving.knative.dev` of `serving.knative.dev/v1`, empty for `v1`. */
export function groupOf(apiVersion: string): string {
  return apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
}

/** Returns the kind of an apiVersion and kind: the first of several, undefined if this tool reads none. */
export function kindNamed(apiVersion: unknown, kind: unknown): KindName | undefined {
  return kindsNamed(apiVersion, kind)[0];
}

/** Returns the kind of an object; undefined if this tool does not read it. */
export function kindOfObject(object: Readonly<Record<string, unknown>>): KindName | undefined {
  const named = kindsNamed(object["apiVersion"], object["kind"]);
  return named.length < 2 ? named[0] : (named.find((name) => isRead(name, object)) ?? named[0]);
}

function kindsNamed(apiVersion: unknown, kind: unknown): readonly KindName[] {
  if (typeof apiVersion !== "string") return [];
  return BY_GROUP.get(groupOf(apiVersion))?.get(kind) ?? [];
}

/** Whether an object of a kind is one of those that this tool reads. */
export function isRead(name: KindName, object: Readonly<Record<string, unknown>>): boolean {
  const { reads }: KindEntry = KINDS[name];
  return reads?.(object) ?? true;
}

/** Returns an object as the local mesh serves it in lenient mode; undefined if it is served as written. */
export function adapted(name: KindName, object: unknown): Adapted | undefined {
  const { adapt }: KindEntry = KINDS[name];
  return adapt?.(object);
}

/** The apiVersion and kind by which the Kubernetes API names a kind. */
export function apiKind(name: KindName): { apiVersion: string; kind: string } {
  const { apiVersion, kind } = KINDS[name];
  return { apiVersion, kind };
}

/** The names of all kinds, in the order of the registry. */
export const NAMES = Object.keys(KINDS) as readonly KindName[];

const BY_GROUP: ReadonlyMap<string, ReadonlyMap<unknown, readonly KindName[]>> = new Map(
  [...Map.groupBy(NAMES, (name) => groupOf(KINDS[name].apiVersion))].map(([group, names]) => [
    group,
    Map.groupBy<string, KindName>(names, (name) => KINDS[name].kind),
  ]),
);

/** An empty list for each kind. @typeParam L an object of the lists, by the kinds' names */
export function listsByKind<L extends Record<KindName, unknown[]>>(): L {
  // TypeScript cannot see that a list was made for every name.
  return Object.fromEntries(NAMES.map((name) => [name, []])) as unknown as L;
}
