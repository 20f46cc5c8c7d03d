import { sendThrough } from "../../cluster/kube/proxied.ts";
import type { Kube } from "../../cluster/kube/client.ts";
import { findMesh } from "../../mesh/admin/dev-file.ts";
import type { Warm } from "./errands.ts";

// Every service of this project answers it when it can take traffic; of others, whatever is not a failure counts.
const PATH = "/readyz";
const ANSWERS_WITHIN_MS = 10_000;

/** The first request to a revision on this machine, by the host of its tag. */
export function warmLocally(root: string, service: string, namespace: string): Warm {
  return async (_revision, tag, signal) => {
    const mesh = await findMesh(root);
    if (mesh === undefined) throw new Error("nothing runs on this machine: ./kyc dev starts it");
    const host = `${tag}-${service}.${namespace}.svc.cluster.local`;
    const within = AbortSignal.any([signal, AbortSignal.timeout(ANSWERS_WITHIN_MS)]);
    const init = { headers: { host }, signal: within };
    accept(await fetch(`http://127.0.0.1:${mesh.localPort}${PATH}`, init));
  };
}

/** The first request to a revision on a cluster, through the API server; one at zero is woken by it. */
export function warmOnCluster(kube: Kube, namespace: string): Warm {
  return async (revision, _tag, signal) => {
    // Knative's activator goes by these, as when a gateway sends it a request.
    const headers = { "knative-serving-namespace": namespace, "knative-serving-revision": revision };
    accept(
      await sendThrough(kube, { kind: "Service", namespace, name: revision, port: 80 }, PATH, {
        headers,
        signal,
      }),
    );
  };
}

function accept(response: Response): void {
  void response.body?.cancel();
  if (response.status >= 500) throw new Error(`it answered ${response.status}`);
}
