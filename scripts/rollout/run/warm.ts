import { sendThrough } from "../../cluster/kube/proxied.ts";
import type { Kube } from "../../cluster/kube/client.ts";
import { findMesh } from "../../mesh/admin/dev-file.ts";
import type { Warm } from "./errands.ts";

// A fresh process is slow at first: it reads, compiles and connects by being asked.
const REQUESTS = 20;
const ANSWERS_WITHIN_MS = 10_000;

/**
 * The first requests to a revision on this machine, by the host of its tag.
 * @param path what every version answers; a failure of the service's own means that it is not warm
 */
export function warmLocally(root: string, service: string, namespace: string, path: string): Warm {
  return async (_revision, tag, signal) => {
    const mesh = await findMesh(root);
    if (mesh === undefined) throw new Error("nothing runs on this machine: ./kyc dev starts it");
    const host = `${tag}-${service}.${namespace}.svc.cluster.local`;
    await several(async () => {
      const within = AbortSignal.any([signal, AbortSignal.timeout(ANSWERS_WITHIN_MS)]);
      return fetch(`http://127.0.0.1:${mesh.localPort}${path}`, { headers: { host }, signal: within });
    });
  };
}

/** The first requests to a revision on a cluster, through the API server; one at zero is woken by them. */
export function warmOnCluster(kube: Kube, namespace: string, path: string): Warm {
  return async (revision, _tag, signal) => {
    // Knative's activator goes by these, as when a gateway sends it a request.
    const headers = { "knative-serving-namespace": namespace, "knative-serving-revision": revision };
    const target = { kind: "Service", namespace, name: revision, port: 80 } as const;
    await several(() => sendThrough(kube, target, path, { headers, signal }));
  };
}

/** A candidate that errs now and then is warm; whether it errs too often is for the judge to say. */
async function several(ask: () => Promise<Response>): Promise<void> {
  let good = 0;
  let status = 0;
  for (let i = 0; i < REQUESTS; i++) {
    const response = await ask();
    void response.body?.cancel();
    if (response.status < 500) good++;
    else status = response.status;
  }
  if (good === 0) throw new Error(`it answered ${status}`);
}
