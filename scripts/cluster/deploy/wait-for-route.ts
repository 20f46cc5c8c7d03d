export interface RoutedOptions {
  /** The ingress gateway. */
  url: string;
  /** A request that the gateway routes to a service, and the statuses of its answer. */
  path: string;
  statuses: readonly number[];
  signal: AbortSignal;
  timeoutMs: number;
  /** @default fetch */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** Waits between two looks. @default Bun.sleep */
  pause?: (ms: number) => Promise<void>;
}

// A gateway may have several pods, which receive a change at different times.
const IN_A_ROW = 5;
const PAUSE_MS = 100;
const ATTEMPT_MS = 30_000;

/**
 * Waits until the ingress gateway has the route of a request. An apply returns when the API server has the object;
 * the gateway receives it from istiod later, and answers 404 until then.
 * @returns whether it has the route
 */
export async function untilRouted(options: RoutedOptions): Promise<boolean> {
  const { url, path, statuses, signal, timeoutMs, fetch: get = fetch, pause = Bun.sleep } = options;
  const end = performance.now() + timeoutMs;
  for (let routed = 0; routed < IN_A_ROW;) {
    signal.throwIfAborted();
    if (performance.now() > end) return false;
    const status = await get(`${url}${path}`, {
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(ATTEMPT_MS)]),
    }).then(
      async (response) => {
        await response.body?.cancel();
        return response.status;
      },
      () => 0,
    );
    routed = statuses.includes(status) ? routed + 1 : 0;
    if (routed === 0) await pause(PAUSE_MS);
  }
  return true;
}
