import type { Static, TSchema } from "typebox";
import { ConfigFeatures, ExternalNameService, Namespace, ServiceAccount } from "./core.ts";
import { DestinationRule } from "./istio-destination-rule.ts";
import { Gateway } from "./istio-gateway.ts";
import { AuthorizationPolicy, PeerAuthentication } from "./istio-security.ts";
import { ServiceEntry } from "./istio-service-entry.ts";
import { VirtualService } from "./istio-virtual-service.ts";
import { KnativeService } from "./knative-service.ts";

/** A kind of object that this tool reads. */
interface KindEntry {
  /** As the API writes it; any version of its group is read. */
  apiVersion: string;
  kind: string;
  /** What the API accepts. Marks in it say what the local mesh acts on. */
  schema: TSchema;
  /** Whether the local mesh acts on it. The others are for `lint`. */
  local: boolean;
  /** Whether several files may describe one object: the successive states of a Knative Service, a shared Namespace. */
  mayRepeat: boolean;
}

const once = { local: true, mayRepeat: false };
const ISTIO = "networking.istio.io/v1";
const SECURITY = "security.istio.io/v1";

/** The kinds, by the name of their list in `Resources`. A kind is its file and its entry here. */
export const KINDS = {
  knativeServices: {
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    schema: KnativeService,
    local: true,
    mayRepeat: true,
  },
  virtualServices: { apiVersion: ISTIO, kind: "VirtualService", schema: VirtualService, ...once },
  gateways: { apiVersion: ISTIO, kind: "Gateway", schema: Gateway, ...once },
  destinationRules: { apiVersion: ISTIO, kind: "DestinationRule", schema: DestinationRule, ...once },
  serviceEntries: { apiVersion: ISTIO, kind: "ServiceEntry", schema: ServiceEntry, ...once, local: false },
  externalNames: { apiVersion: "v1", kind: "Service", schema: ExternalNameService, ...once },
  namespaces: { apiVersion: "v1", kind: "Namespace", schema: Namespace, local: true, mayRepeat: true },
  serviceAccounts: { apiVersion: "v1", kind: "ServiceAccount", schema: ServiceAccount, ...once },
  configFeatures: { apiVersion: "v1", kind: "ConfigMap", schema: ConfigFeatures, ...once },
  peerAuthentications: {
    apiVersion: SECURITY,
    kind: "PeerAuthentication",
    schema: PeerAuthentication,
    ...once,
    local: false,
  },
  authorizationPolicies: {
    apiVersion: SECURITY,
    kind: "AuthorizationPolicy",
    schema: AuthorizationPolicy,
    ...once,
    local: false,
  },
} satisfies Record<string, KindEntry>;

/** The name of a kind's list. */
export type KindName = keyof typeof KINDS;

/** The type of an object of a kind. */
export type ObjectOf<K extends KindName> = Static<(typeof KINDS)[K]["schema"]>;

/** `serving.knative.dev` of `serving.knative.dev/v1`, empty for `v1`. */
export function groupOf(apiVersion: string): string {
  return apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
}

/** The kind that an object says it is; undefined where this tool does not read it. */
export function kindNamed(apiVersion: unknown, kind: unknown): KindName | undefined {
  if (typeof apiVersion !== "string") return undefined;
  const group = groupOf(apiVersion);
  return NAMES.find((name) => KINDS[name].kind === kind && groupOf(KINDS[name].apiVersion) === group);
}

/** The names of all kinds, in the order of the registry. */
export const NAMES = Object.keys(KINDS) as readonly KindName[];
