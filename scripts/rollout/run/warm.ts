import { gatewayPods } from "../../cluster/workload/proxies.ts";
import type { Kube } from "../../cluster/kube/client.ts";
import { forwardPort } from "../../cluster/kube/port-forward.ts";
import { findMesh } from "../../mesh/admin/dev-file.ts";
import type { Warm } from "./effects.ts";

/** What is asked for, by the host of a revision's tag. */
export interface WarmOptions {
  service: string;
  namespace: string;
  /** What every version answers. */
  path: string;
}

// A fresh process is slow at first: it reads, compiles and connects by being asked.
const REQUESTS = 20;
const ANSWERS_WITHIN_MS = 30_000;
// Where the gateway's pods take requests for hosts within the cluster. (net-istio, config/203-local-gateway.yaml)
const LOCAL_GATEWAY_PORT = 8081;

/** The first requests to a revision on this machine. */
export function warmLocally(root: string, options: WarmOptions): Warm {
  return async (_revision, tag, signal) => {
    const mesh = await findMesh(root);
    if (mesh === undefined) throw new Error("nothing runs on this machine: ./kyc dev starts it");
    await several(`http://127.0.0.1:${mesh.localPort}`, tag, options, signal);
  };
}

/** The first requests to a revision on a cluster, through the gateway: one that is at zero is woken by them. */
export function warmOnCluster(kube: Kube, options: WarmOptions): Warm {
  return async (_revision, tag, signal) => {
    const [gateway] = await gatewayPods(kube);
    if (gateway === undefined) throw new Error("no pod of the ingress gateway is ready");
    const { namespace, pod } = gateway;
    using forward = await forwardPort({ kube, namespace, pod, port: LOCAL_GATEWAY_PORT });
    await several(forward.url, tag, options, signal);
  };
}

/** A candidate that errs now and then is warm; whether it errs too often is for the judge to say. */
async function several(
  url: string,
  tag: string | null,
  { service, namespace, path }: WarmOptions,
  signal: AbortSignal,
): Promise<void> {
  const host = `${tag}-${service}.${namespace}.svc.cluster.local`;
  let good = 0;
  let status = 0;
  for (let i = 0; i < REQUESTS; i++) {
    const within = AbortSignal.any([signal, AbortSignal.timeout(ANSWERS_WITHIN_MS)]);
    const response = await fetch(`${url}${path}`, { headers: { host }, signal: within });
    await response.arrayBuffer();
    if (response.status < 500) good++;
    else status = response.status;
  }
  if (good === 0) throw new Error(`it answered ${status}`);
}
