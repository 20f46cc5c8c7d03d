import type { Kube } from "../../cluster/kube/client.ts";
import { type Forward, forwardPort } from "../../cluster/kube/port-forward.ts";
import { UserError } from "../../cluster/user-error.ts";
import type { Proxy } from "../../cluster/workload/proxies.ts";

// Envoy's administration, on the loopback address of its pod. (istio, pkg/bootstrap: proxyAdminPort)
const ADMIN_PORT = 15_000;
// The routes that istiod pushed, without the rest of the configuration.
const ROUTES = "/config_dump?resource=dynamic_route_configs";
// The times at which its tables last changed: a few bytes, whereas a gateway with a thousand hosts has megabytes of
// routes.
const CHANGES = `${ROUTES}&mask=last_updated`;
// Two changes within a millisecond look like one.
const READ_AGAIN_MS = 1_000;
// Its answer has a few bytes.
const OPENING = "/ready";
const ASK_AGAIN_MS = 40;
const MOST_FAILURES = 25;

export interface AskOptions {
  kube: Kube;
  proxies: readonly Proxy[];
  /** Whether the routes of a proxy, as Envoy dumps them, are those of the written split. */
  has(routes: string, proxy: Proxy): boolean;
  /** Connections are opened at once; the routes are read after this resolves. @default at once */
  after?: Promise<unknown>;
  signal: AbortSignal;
}

/**
 * Reads the routes of each proxy until all of them meet the condition.
 * @throws UserError if a proxy cannot be reached
 */
export async function untilProxiesHave(options: AskOptions): Promise<void> {
  await Promise.all(options.proxies.map((proxy) => untilOneHas(proxy, options)));
}

async function untilOneHas(proxy: Proxy, { kube, has, after, signal }: AskOptions): Promise<void> {
  const { namespace, pod } = proxy;
  using forward = await forwardPort({ kube, namespace, pod, port: ADMIN_PORT });
  if (after !== undefined) await Promise.all([after, ask(forward, OPENING, signal)]);
  let read: { changes: string; atMs: number } | undefined;
  for (let failures = 0; ;) {
    const changes = await ask(forward, CHANGES, signal);
    const atMs = performance.now();
    if (read === undefined || changes !== read.changes || atMs - read.atMs > READ_AGAIN_MS) {
      const routes = changes === undefined ? undefined : await ask(forward, ROUTES, signal);
      if (routes !== undefined && has(routes, proxy)) return;
      failures = routes === undefined ? failures + 1 : 0;
      if (failures > 0 && (await isGone(kube, proxy))) return;
      if (failures === MOST_FAILURES) throw new UserError(cannotAsk(proxy));
      read = changes === undefined || routes === undefined ? undefined : { changes, atMs };
    }
    await Bun.sleep(ASK_AGAIN_MS);
    signal.throwIfAborted();
  }
}

/** The answer of a proxy; undefined without one. */
async function ask({ url }: Forward, path: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const response = await fetch(`${url}${path}`, { signal });
    const text = await response.text();
    return response.ok ? text : undefined;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

/** Whether a pod is deleted or terminating: it gets no more requests, and need not have the split. */
async function isGone(kube: Kube, { namespace, pod }: Proxy): Promise<boolean> {
  const object = await kube.get({ apiVersion: "v1", kind: "Pod", namespace, name: pod });
  return object === undefined || object.metadata.deletionTimestamp !== undefined;
}

function cannotAsk({ namespace, pod }: Proxy): string {
  return `The split is written, but whether the proxy of pod ${namespace}/${pod} has it is unknown: reading that needs the right to create pods/portforward there.`;
}
