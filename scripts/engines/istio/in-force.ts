import { CLUSTER_DOMAIN } from "../../traffic/hosts.ts";
import { percentsOf } from "../../traffic/split/weights.ts";
import type { LiveDestination, LiveVirtualService } from "../on-cluster/live-virtual-service.ts";
import { findSplitRule, type SplitRule } from "./split-rule.ts";
import { UserError } from "../../cluster/user-error.ts";
import { untilProxiesHave } from "../on-cluster/ask-proxies.ts";
import { PREVIEW_RULE } from "../../traffic/split/preview-rule.ts";
import {
  type BucketRoute,
  bucketRoutes,
  catchAllShares,
  namedRoutes,
  readRoutes,
  type NamedRoute,
  type RouteShare,
} from "./envoy-routes.ts";
import type { ForceOptions } from "../knative/in-force.ts";
import { gatewayPods, sidecarPods } from "../../cluster/workload/proxies.ts";

/**
 * Resolves, with the elapsed time, when every proxy routes by the written weights or buckets: the gateway's pods, and
 * the sidecars of the namespace if the VirtualService applies to the mesh. Each proxy is queried for its routes.
 * @throws UserError if a proxy cannot be queried
 */
export async function istioInForce({
  kube,
  namespace,
  service,
  signal,
}: ForceOptions): Promise<{ ms: number }> {
  const startedAt = performance.now();
  const rule = await findSplitRule(kube, namespace, service);
  if (rule === undefined)
    throw new UserError(`No VirtualService in ${namespace} splits the requests of ${service} any longer.`);
  const { object, routes } = rule;
  const gateways = gatewaysOf(object);
  const proxies = [
    ...(gateways.some((name) => name !== "mesh") ? await gatewayPods(kube) : []),
    ...(gateways.includes("mesh") ? await sidecarPods(kube, namespace) : []),
  ];
  const wanted = sharesOf(routes, namespace);
  const wantedBuckets = bucketRoutesOf(rule, namespace);
  const wantedPreview = previewRouteOf(rule, namespace);
  const hosts = (object.spec.hosts ?? []).map((host) => fullHost(host, namespace));
  const hasIt = (dump: string, isSidecar: boolean): boolean => {
    const tables = readRoutes(dump);
    return hosts.every((host) => {
      const found = catchAllShares(tables, host);
      // A Sidecar resource may exclude a host from a sidecar's configuration; that sidecar sends no requests there.
      if (!(isSidecar || found.length > 0) || !found.every((shares) => isSame(shares, wanted))) return false;
      if (!namedRoutes(tables, host, PREVIEW_RULE).every((routes) => samePreview(routes, wantedPreview)))
        return false;
      const header = rule.buckets?.header;
      return (
        header === undefined ||
        bucketRoutes(tables, host, header).every((routes) => sameBuckets(routes, wantedBuckets))
      );
    });
  };
  await untilProxiesHave({ kube, proxies, has: (dump, { isSidecar }) => hasIt(dump, isSidecar), signal });
  return { ms: performance.now() - startedAt };
}

/**
 * Destinations as istiod writes them for Envoy: without those of weight 0; a single one gets all requests.
 * (istio, pilot/pkg/networking/core/route)
 */
export function sharesOf(routes: readonly LiveDestination[], namespace: string): RouteShare[] {
  const percents = percentsOf(routes.map(({ weight = 0 }) => weight));
  return routes.flatMap(({ destination, headers }, i) => {
    const percent = percents[i] ?? 0;
    const set = Object.entries(headers?.request?.set ?? {});
    const authority = set.find(([name]) => name.toLowerCase() === "host")?.[1];
    const { host, subset } = destination;
    return percent === 0 ? [] : [{ host: fullHost(host, namespace), subset, authority, percent }];
  });
}

/** The rules for buckets as istiod writes them for Envoy: a route for each match. */
function bucketRoutesOf({ object, buckets }: SplitRule, namespace: string): BucketRoute[] {
  if (buckets === undefined) return [];
  const rules = (object.spec.http ?? []).slice(buckets.first, buckets.last);
  return rules.flatMap(({ route = [] }, i) =>
    (buckets.matches[i] ?? []).map((match) => ({ match, shares: sharesOf(route, namespace) })),
  );
}

/** The rule for a preview as istiod writes it for Envoy. */
function previewRouteOf({ object, preview }: SplitRule, namespace: string): NamedRoute | undefined {
  const rule = object.spec.http?.find(({ name }) => name === PREVIEW_RULE);
  if (preview === undefined || rule === undefined) return undefined;
  const { header, value } = preview.preview;
  const shares = sharesOf(rule.route ?? [], namespace);
  return { header, match: { kind: "exact", value }, shares };
}

function samePreview(routes: readonly NamedRoute[], wanted: NamedRoute | undefined): boolean {
  if (wanted === undefined) return routes.length === 0;
  return routes.every(({ header }) => header === wanted.header) && sameBuckets(routes, [wanted]);
}

function sameBuckets(a: readonly BucketRoute[], b: readonly BucketRoute[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ match, shares }, i) => {
      const other = b[i];
      return (
        other !== undefined &&
        match.kind === other.match.kind &&
        match.value === other.match.value &&
        isSame(shares, other.shares)
      );
    })
  );
}

function isSame(a: readonly RouteShare[], b: readonly RouteShare[]): boolean {
  return (
    a.length === b.length &&
    a.every((share, i) => {
      const other = b[i];
      return (
        other !== undefined &&
        share.host === other.host &&
        share.subset === other.subset &&
        share.authority === other.authority &&
        Math.abs(share.percent - other.percent) < 1e-6
      );
    })
  );
}

function gatewaysOf({ spec }: LiveVirtualService): string[] {
  const { gateways } = spec as { gateways?: string[] };
  return gateways ?? ["mesh"];
}

function fullHost(host: string, namespace: string): string {
  return host.includes(".") ? host : `${host}.${namespace}.${CLUSTER_DOMAIN}`;
}
