import type { Kube } from "./client.ts";
import { lines } from "./response-lines.ts";
import { queryOf } from "./query.ts";
import type { RequestOptions } from "./request-options.ts";

export interface PodLogOptions extends RequestOptions {
  namespace: string;
  pod: string;
  /** Optional for a pod with a single container. */
  container?: string | undefined;
  /** Only the last lines. */
  tail?: number | undefined;
  /** Continues with later lines until the container ends or the signal aborts. @default false */
  follow?: boolean | undefined;
  /** The log of the previous container, which crashed. @default false */
  previous?: boolean | undefined;
}

/**
 * Yields the lines of a container's log. Ends without an error when the signal is aborted.
 * @throws ApiError if there is no log, for example before the container has started
 * @throws Unreachable if the connection is closed
 */
export async function* podLogs(kube: Kube, options: PodLogOptions): AsyncGenerator<string> {
  const { namespace, pod, container, tail, follow, previous, signal } = options;
  const place = { namespace, name: pod };
  const path = await kube.path({ apiVersion: "v1", kind: "Pod" }, place);
  const query = queryOf({
    container,
    tailLines: tail?.toString(),
    follow: follow ? "true" : undefined,
    previous: previous ? "true" : undefined,
  });
  const what = `cannot read the log of pod ${namespace}/${pod}${container === undefined ? "" : ` (${container})`}`;
  try {
    const response = await kube.open(what, `${path}/log${query}`, { signal });
    for await (const line of lines(response)) {
      if (signal?.aborted) return;
      yield line;
    }
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
}
