import type { HTTPRouteDestination } from "../../route-fields/destinations/destinations.ts";
import type { HTTPRoute } from "../../route-fields/families.ts";
import type { VirtualService } from "../../manifests/kinds/istio-virtual-service.ts";
import { CLUSTER_DOMAIN, KNATIVE_GATEWAYS } from "../hosts.ts";
import { NotRendered, sharesOf, type TrafficBlock, tagsOf } from "./traffic-block.ts";

/** Whether destinations are the revisions' own Services, or the hosts of the Knative Service's tags. */
export type Form = "revisions" | "tags";

export interface RenderOptions {
  form: Form;
  /** The host of the VirtualService. @default `SERVICE-split` */
  host?: string | undefined;
  /** The gateways of the rules. @default sidecars and Knative's local gateway */
  gateways?: readonly string[];
}

/** The annotation that keeps the traffic block, including what weights do not express. */
export const TRAFFIC_ANNOTATION = "kyc/knative-traffic";

/** The Service that Knative's cluster-local hosts resolve to. */
export const LOCAL_GATEWAY = `knative-local-gateway.istio-system.${CLUSTER_DOMAIN}`;

const DEFAULT_GATEWAYS = [
  "mesh",
  ...Object.entries(KNATIVE_GATEWAYS).flatMap(([name, listener]) =>
    listener === "local-gateway" ? [name] : [],
  ),
];

/**
 * Returns the VirtualService that routes like a Knative Service, in net-istio's form: the split at its own host, and
 * each tag at TAG-HOST. (net-istio 1.20, pkg/reconciler/ingress/resources/virtual_service.go)
 * @throws NotRendered if the form cannot express the split, or the host is Knative's
 */
export function renderVirtualService(block: TrafficBlock, options: RenderOptions): VirtualService {
  const { service, namespace } = block;
  const { form, gateways = DEFAULT_GATEWAYS } = options;
  const tags = tagsOf(block);
  const full = (label: string): string => `${label}.${namespace}.${CLUSTER_DOMAIN}`;
  const host = fullName(options.host ?? `${service}-split`, namespace);
  const knative = [full(service), ...[...tags.keys()].map((tag) => full(`${tag}-${service}`))];
  if (knative.includes(host))
    throw new NotRendered(
      `${host} is Knative's own, which writes its rules itself; choose another with --host`,
    );
  const destinationTo = form === "revisions" ? toRevision : toTag;
  const hosts = [host, ...[...tags.keys()].map((tag) => tagHost(tag, host))];
  const shares = [...sharesOf(block)];
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: {
      name: nameOf(host),
      namespace,
      annotations: {
        [TRAFFIC_ANNOTATION]: JSON.stringify({ service, latest: block.latest, traffic: block.targets }),
      },
    },
    spec: {
      hosts,
      gateways: [...gateways],
      http: [
        ruleFor(
          host,
          shares.map(([revision, percent]) => ({ ...destinationTo(revision), weight: percent })),
        ),
        ...[...tags].map(([tag, revision]) => {
          const to = form === "revisions" ? toRevision(revision) : toHost(full(`${tag}-${service}`));
          return ruleFor(tagHost(tag, host), [{ ...to, weight: 100 }]);
        }),
      ],
    },
  };

  function toRevision(revision: string): HTTPRouteDestination {
    return {
      destination: { host: full(revision), port: { number: 80 } },
      headers: {
        request: { set: { "Knative-Serving-Namespace": namespace, "Knative-Serving-Revision": revision } },
      },
    };
  }

  function toTag(revision: string): HTTPRouteDestination {
    const [tag] = [...tags].find(([, of]) => of === revision) ?? [];
    if (tag === undefined)
      throw new NotRendered(
        `revision ${revision} has traffic and no tag; give it one, or use --form revisions`,
      );
    return toHost(full(`${tag}-${service}`));
  }

  // `rewrite` applies to all destinations of a route, so each destination sets the Host header itself. (istio#8026)
  function toHost(name: string): HTTPRouteDestination {
    return {
      destination: { host: LOCAL_GATEWAY, port: { number: 80 } },
      headers: { request: { set: { Host: name } } },
    };
  }
}

/** Returns the host of a tag in Knative's form, TAG-NAME. */
export function tagHost(tag: string, host: string): string {
  return `${tag}-${host}`;
}

/** Returns the Services that make the hosts of a VirtualService resolve, for hosts that are names of Services. */
export function renderServices({ metadata, spec }: VirtualService): object[] {
  return spec.hosts.flatMap((host) => {
    const [name, namespace, ...domain] = host.split(".");
    if (domain.join(".") !== CLUSTER_DOMAIN || namespace !== metadata.namespace) return [];
    return [
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name, namespace },
        spec: { type: "ExternalName", externalName: LOCAL_GATEWAY, ports: [{ name: "http", port: 80 }] },
      },
    ];
  });
}

function ruleFor(host: string, route: HTTPRouteDestination[]): HTTPRoute {
  const [lone] = route;
  // Like net-istio, without the suffix of cluster-local hosts, so that shorter names match too.
  const prefix = host.endsWith(`.${CLUSTER_DOMAIN}`) ? host.slice(0, -CLUSTER_DOMAIN.length - 1) : host;
  return {
    match: [{ authority: { prefix } }],
    retries: { attempts: 0 },
    route: route.length === 1 && lone !== undefined ? [{ ...lone, weight: 100 }] : route,
  };
}

function fullName(host: string, namespace: string): string {
  return host.includes(".") ? host.toLowerCase() : `${host}.${namespace}.${CLUSTER_DOMAIN}`;
}

function nameOf(host: string): string {
  return host.endsWith(`.${CLUSTER_DOMAIN}`)
    ? (host.split(".")[0] ?? host)
    : host.replaceAll(".", "-").slice(0, 63);
}
