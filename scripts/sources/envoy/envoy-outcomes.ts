import type { Kube } from "../../cluster/kube/client.ts";
import { FORWARD_PORTS, GET_PODS, LIST_PODS } from "../../cluster/rbac.ts";
import { REVISION, SERVICE_LABEL } from "../../cluster/workload/live-objects.ts";
import { gatewayPods, type Proxy, sidecarPods } from "../../cluster/workload/proxies.ts";
import { CLUSTER_DOMAIN } from "../../traffic/hosts.ts";
import { anyPodAnswers, SCRAPE_LAG_MS, scrapePods } from "../metrics/scrape-pods.ts";
import type { Outcome, OutcomeSource } from "../source.ts";
import { ClusterCounters } from "./cluster-counters.ts";

export interface EnvoySourceOptions {
  kube: Kube;
  namespace: string;
  /** The Knative Service, or a Kubernetes Service before Deployments. */
  service: string;
}

// Envoy's administration, on the loopback address of its pod (istio, pkg/bootstrap: proxyAdminPort), and of its
// statistics those of clusters that requests are sent to.
const STATISTICS = {
  port: 15_000,
  path: `/stats?format=prometheus&usedonly&filter=${encodeURIComponent(String.raw`^cluster\.outbound\|.*upstream_rq`)}`,
};

const ADVICE =
  "Or Istio leaves these statistics out: the pods' annotation sidecar.istio.io/statsInclusionPrefixes has to name cluster.outbound.";

/**
 * Reports the outcomes of a service as counted by the ingress gateway and the sidecars of its namespace. They include
 * the proxies' own responses if a revision did not answer, and requests that were pinned to a revision.
 */
export function envoySource(options: EnvoySourceOptions): OutcomeSource {
  return {
    name: "envoy",
    place: `the gateway and the sidecars of namespace ${options.namespace}`,
    lagMs: SCRAPE_LAG_MS + FLUSH_MS,
    rights: {
      own: [
        LIST_PODS,
        GET_PODS,
        FORWARD_PORTS,
        { apiGroups: ["serving.knative.dev"], resources: ["revisions"], verbs: ["get", "list"] },
      ],
      gateways: [GET_PODS, FORWARD_PORTS],
      everywhere: [LIST_PODS],
    },
    outcomes: (signal) => envoyOutcomes(options, signal),
  };
}

/** The interval at which Envoy adds latencies to its histograms. (config.bootstrap, stats_flush_interval) */
const FLUSH_MS = 5_000;

/** Whether the gateway or a sidecar counts requests to revisions. */
export async function hasEnvoyStatistics(options: EnvoySourceOptions): Promise<boolean> {
  const pods = await proxies(options);
  return anyPodAnswers({ kube: options.kube, ...STATISTICS }, pods, (page) => page.includes(" counter\n"));
}

async function* envoyOutcomes(options: EnvoySourceOptions, signal: AbortSignal): AsyncGenerator<Outcome[]> {
  const { kube, namespace, service } = options;
  let revisions = new Set<string>();
  const counters = new ClusterCounters((cluster) => {
    const { host, subset } = destinationOf(cluster);
    const name = host.replace(`.${namespace}.${CLUSTER_DOMAIN}`, "");
    // Without Knative revisions, these are the subsets of the host, or the Services of versions, such as checkout-v2.
    if (revisions.size === 0 && name === service) return subset;
    if (revisions.size === 0) return name.startsWith(`${service}-`) ? name : undefined;
    return revisions.has(name) ? name : undefined;
  });
  yield* scrapePods(
    {
      kube,
      ...STATISTICS,
      counters,
      async listPods(until) {
        const labelSelector = `${SERVICE_LABEL}=${service}`;
        const [pods, { items }] = await Promise.all([
          proxies(options),
          kube.list(REVISION, { namespace, labelSelector, signal: until }),
        ]);
        revisions = new Set(items.map(({ metadata }) => metadata.name));
        return pods;
      },
      advice: ADVICE,
    },
    signal,
  );
}

async function proxies({ kube, namespace }: EnvoySourceOptions): Promise<Proxy[]> {
  const [gateways, sidecars] = await Promise.all([gatewayPods(kube), sidecarPods(kube, namespace)]);
  return [...gateways, ...sidecars];
}

/** `outbound|80||checkout-v1.shop.svc.cluster.local`: direction, port, subset, host. (istio, BuildSubsetKey) */
function destinationOf(cluster: string): { host: string; subset: string | undefined } {
  const [, , subset, host = ""] = cluster.split("|");
  return { host: host.replace(/;$/, ""), subset: subset || undefined };
}
