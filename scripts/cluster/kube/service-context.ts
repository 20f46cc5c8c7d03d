import type { Kube } from "./client.ts";

/** The location of an engine: this machine, with files and the local mesh; or a cluster. */
export type Location = "machine" | "cluster";

/** The service of a command, and the access to its engine. */
export interface ServiceContext {
  readonly service: string;
  readonly namespace: string;
  /** The folder that holds `knative` and `istio`. */
  readonly root: string;
  /** The kubeconfig context that the user named; undefined for the current one. */
  readonly context: string | undefined;
  /**
   * Returns a client of the cluster, created on first use: commands that stay on this machine do not load it.
   * @throws NoCluster if the kubeconfig has no such context
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
