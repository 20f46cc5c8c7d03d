import type { Kube } from "./client.ts";

/** Where something is: on this machine, in files and the local mesh; or on a cluster. */
export type Location = "machine" | "cluster";

/** The service that a command is about, and how to reach what carries it. */
export interface ServiceContext {
  readonly service: string;
  readonly namespace: string;
  /** The folder that holds `knative` and `istio`. */
  readonly root: string;
  /** The kubeconfig context that the user named; undefined for the current one. */
  readonly context: string | undefined;
  /**
   * A client of the cluster, made when it is first asked for: what stays on this machine loads none of it.
   * @throws NoCluster when the kubeconfig has no such context
   */
  kube(): Promise<Kube>;
}

export interface ServiceContextOptions {
  service: string;
  root: string;
  /** @default "default" */
  namespace?: string | undefined;
  /** A kubeconfig context. @default the current one */
  context?: string | undefined;
}

const DEFAULT_NAMESPACE = "default";

/** The context of a service, without a connection to anything. */
export function serviceContext({
  service,
  root,
  namespace = DEFAULT_NAMESPACE,
  context,
}: ServiceContextOptions): ServiceContext {
  let kube: Promise<Kube> | undefined;
  async function connected(): Promise<Kube> {
    const { kubeOfContext } = await import("./kube-of-context.ts");
    return kubeOfContext(context);
  }
  return { service, namespace, root, context, kube: () => (kube ??= connected()) };
}
