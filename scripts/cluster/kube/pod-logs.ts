import type { Kube, RequestOptions } from "./client.ts";
import { lines } from "./response-lines.ts";
import { queryOf } from "./query.ts";

export interface PodLogOptions extends RequestOptions {
  namespace: string;
  pod: string;
  /** May be left out for a pod with a single container. */
  container?: string | undefined;
  /** Only this many lines from the end of what is there. */
  tail?: number | undefined;
  /** Goes on with what is written later, until the container ends or the signal comes. @default false */
  follow?: boolean | undefined;
  /** Of the container's last run, the one that crashed. @default false */
  previous?: boolean | undefined;
}

/**
 * The lines that a container wrote. Ends in order when the signal comes.
 * @throws ApiError when there is nothing to read, such as before the container has started
 * @throws Unreachable when the connection is cut
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
