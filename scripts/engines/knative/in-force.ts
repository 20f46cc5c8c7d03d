import { Check } from "typebox/schema";
import { CLUSTER_DOMAIN } from "../../traffic/hosts.ts";
import { type KnTarget, withDefaults } from "../../traffic/kn/target.ts";
import type { Kube } from "../../cluster/kube/client.ts";
import { UserError } from "../../cluster/user-error.ts";
import { KNATIVE_SERVICE, LiveService } from "../../cluster/workload/live-objects.ts";
import { LiveVirtualService, VIRTUAL_SERVICE } from "../on-cluster/live-virtual-service.ts";
import { untilProxiesHave } from "../on-cluster/ask-proxies.ts";
import { gatewayPods, type Proxy, sidecarPods } from "../../cluster/workload/proxies.ts";

export interface ForceOptions {
  kube: Kube;
  namespace: string;
  service: string;
  signal: AbortSignal;
}

const LOOK_AGAIN_MS = 20;

/**
 * Resolves, with the elapsed time, when every proxy routes by the written split. The Knative Service must report its
 * routes as ready, and each gateway pod must have the hash that net-istio wrote into its routes, which Knative's
 * probes check too. So must the sidecars of the namespace, which Knative does not probe. (networking,
 * pkg/status/status.go)
 * @throws UserError if Knative reports that the split cannot be applied
 */
export async function knativeInForce({
  kube,
  namespace,
  service,
  signal,
}: ForceOptions): Promise<{ ms: number }> {
  const startedAt = performance.now();
  await together(signal, routesReady, gatewaysHaveIt);
  return { ms: performance.now() - startedAt };

  async function gatewaysHaveIt(until: AbortSignal): Promise<void> {
    let digest: string | undefined;
    const written = writtenDigest(until).then((found) => {
      digest = found;
    });
    const proxies = Promise.all([gatewayPods(kube), sidecarPods(kube, namespace)]);
    const host = `"${service}.${namespace}.${CLUSTER_DOMAIN}"`;
    // A Sidecar resource may exclude a host from a sidecar's configuration; that sidecar sends no requests there.
    const has = (routes: string, { isSidecar }: Proxy): boolean =>
      digest === undefined || (isSidecar && !routes.includes(host)) || routes.includes(`"${digest}"`);
    const asked = proxies.then((all) =>
      untilProxiesHave({ kube, proxies: all.flat(), has, after: written, signal: until }),
    );
    await Promise.all([written, asked]);
  }

  /** Resolves when Knative reports the routes of the latest generation as ready. */
  async function routesReady(until: AbortSignal): Promise<void> {
    for (;;) {
      const object = await live();
      const { status, metadata } = object;
      const routes = status?.conditions?.find(({ type }) => type === "RoutesReady");
      if (status?.observedGeneration === metadata.generation) {
        if (routes?.status === "True") return;
        if (routes?.status === "False")
          throw new UserError(
            `Knative cannot apply the split: ${routes.message ?? routes.reason ?? "no reason was given"}`,
          );
      }
      await Bun.sleep(LOOK_AGAIN_MS);
      until.throwIfAborted();
    }
  }

  /** Returns the hash of the routes of the written split; undefined if the ingress is not Istio. */
  async function writtenDigest(until: AbortSignal): Promise<string | undefined> {
    const ref = { ...VIRTUAL_SERVICE, namespace, name: `${service}-ingress` };
    for (;;) {
      const [object, routes] = await Promise.all([live(), kube.get(ref) as Promise<unknown>]);
      if (!Check(LiveVirtualService, routes)) return undefined;
      const latest = object.status?.latestReadyRevisionName;
      const digest = digestOf(routes, splitOf(withDefaults(object.spec.traffic), latest), namespace, service);
      if (digest !== undefined) return digest;
      await Bun.sleep(LOOK_AGAIN_MS);
      until.throwIfAborted();
    }
  }

  async function live(): Promise<LiveService> {
    const object: unknown = await kube.get({ ...KNATIVE_SERVICE, namespace, name: service });
    if (!Check(LiveService, object))
      throw new UserError(`There is no Knative Service ${namespace}/${service}.`);
    return object;
  }
}

/** Runs several tasks at once, and aborts the others when one fails. */
export async function together(
  signal: AbortSignal,
  ...parts: ((until: AbortSignal) => Promise<void>)[]
): Promise<void> {
  const failed = new AbortController();
  const until = AbortSignal.any([signal, failed.signal]);
  try {
    await Promise.all(parts.map((part) => part(until)));
  } finally {
    failed.abort();
  }
}

/** The weights of a traffic block as net-istio writes them: summed by revision, without those of 0. */
function splitOf(block: readonly KnTarget[], latest: string | undefined): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { revisionName = latest ?? "", percent } of block) {
    if (percent > 0) sums.set(revisionName, (sums.get(revisionName) ?? 0) + percent);
  }
  return sums;
}

/**
 * Returns the hash in the probe route next to the service's own rule, if that rule has these weights; undefined if it
 * has others. (net-istio, pkg/reconciler/ingress/resources/virtual_service.go)
 */
export function digestOf(
  { spec }: LiveVirtualService,
  split: ReadonlyMap<string, number>,
  namespace: string,
  service: string,
): string | undefined {
  const prefix = `${service}.${namespace}`;
  for (const { match = [], headers, route = [] } of spec.http ?? []) {
    const text = JSON.stringify(match);
    if (!text.includes(`"prefix":"${prefix}"`) || !text.includes("K-Network-Hash")) continue;
    const weights = new Map(
      route.map(({ destination, weight = 0 }) => [
        destination.host.split(".")[0] ?? "",
        route.length === 1 ? 100 : weight,
      ]),
    );
    const isSame =
      weights.size === split.size && [...split].every(([name, percent]) => weights.get(name) === percent);
    const set = (headers as { request?: { set?: Record<string, string> } } | undefined)?.request?.set;
    return isSame ? set?.["K-Network-Hash"] : undefined;
  }
  return undefined;
}
