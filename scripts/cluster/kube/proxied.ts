import { ApiError, statusIn } from "./api-error.ts";
import type { Kube } from "./client.ts";
import type { ApiRequest } from "./connection.ts";

/** A port in the cluster that answers HTTP. */
export interface ProxyTarget {
  kind: "Service" | "Pod";
  namespace: string;
  name: string;
  /** A number, or a Service's name for it. */
  port: number | string;
  /** @default "http" */
  scheme?: "http" | "https" | undefined;
}

/**
 * A request to a Service's or a pod's port, carried by the API server: it works from wherever the API server can be
 * reached. The answer is the port's own, of any status; redirects are not followed.
 * @param path starts with a slash
 * @throws ApiError when the API server does not carry it, or nobody answers there
 */
export async function sendThrough(
  kube: Kube,
  target: ProxyTarget,
  path: string,
  request?: ApiRequest,
): Promise<Response> {
  const { kind, namespace, name, port, scheme = "http" } = target;
  const base = await kube.path({ apiVersion: "v1", kind }, { namespace, name: `${scheme}:${name}:${port}` });
  const response = await kube.connection.send(`${base}/proxy${path}`, request);
  if (response.ok) return response;
  const text = await response.clone().text();
  // Both answer in JSON, but only the API server with a Status.
  if (statusIn(text) === undefined) return response;
  throw await ApiError.of(`cannot reach ${kind} ${namespace}/${name}:${port}`, response);
}
