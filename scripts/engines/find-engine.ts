import { CannotWrite, type EngineName, type RecordedEngine } from "../traffic/engine.ts";

export interface FindEngineOptions {
  /** The Knative Service. */
  service: string;
  /** The folder that holds `knative` and `istio`. */
  root: string;
  /** Looked for when undefined. */
  engine?: EngineName | undefined;
  /** A kubeconfig context; naming one means a cluster. @default the current one */
  context?: string | undefined;
  /** @default "kyc" */
  namespace?: string | undefined;
  /** Where a Prometheus answers that has the metrics of the pods. @default the pods are asked */
  prometheus?: string | undefined;
}

/** An engine, and why it was chosen. */
export interface FoundEngine {
  engine: RecordedEngine;
  /** As the end of a sentence; undefined when the user named it. */
  because: string | undefined;
}

const DEFAULT_NAMESPACE = "kyc";

/**
 * Finds who carries the split of a service. Without a name: the local mesh where it runs, unless a context was given;
 * else the cluster that answers, by Istio where a VirtualService has weights for the service and by Knative where none
 * has; else the files alone.
 * @throws UserError, NoCluster, Unreachable, CannotWrite, InvalidManifests when the one that is meant cannot be had
 */
export async function findEngine(options: FindEngineOptions): Promise<FoundEngine> {
  const { engine, context } = options;
  if (engine === "local") return { engine: await local(options), because: undefined };
  if (engine !== undefined) return { engine: await onCluster(options, engine), because: undefined };
  if (context !== undefined)
    return found(await onCluster(options), `it carries the split on context ${context}`);
  const { findMesh } = await import("../mesh/admin/dev-file.ts");
  if ((await findMesh(options.root)) !== undefined)
    return found(await local(options), "./kyc dev runs; --engine knative or istio is for a cluster");
  const cluster = await onCluster(options).catch(noCluster);
  if (cluster !== undefined) return found(cluster, "it carries the split on the current context");
  return found(await local(options), "neither ./kyc dev nor a cluster with this service answers");
}

function found(engine: RecordedEngine, because: string): FoundEngine {
  return { engine, because };
}

async function local({ root, service }: FindEngineOptions): Promise<RecordedEngine> {
  const { localEngine } = await import("./local/local-engine.ts");
  return localEngine({ root, service });
}

async function onCluster(
  { service, context, namespace = DEFAULT_NAMESPACE, prometheus }: FindEngineOptions,
  name?: Exclude<EngineName, "local">,
): Promise<RecordedEngine> {
  const [
    { connect },
    { Kube },
    { knativeEngine },
    { istioEngine },
    { findWeightedRule },
    { prometheusOutcomes },
  ] = await Promise.all([
    import("../cluster/kube/connection.ts"),
    import("../cluster/kube/client.ts"),
    import("./knative/knative-engine.ts"),
    import("./istio/istio-engine.ts"),
    import("./istio/weighted-rule.ts"),
    import("../sources/prometheus/prometheus-outcomes.ts"),
  ]);
  const kube = new Kube(connect({ context }));
  const outcomes = prometheus === undefined ? undefined : prometheusOutcomes(prometheus);
  const options = { kube, namespace, service, outcomes };
  const isIstio =
    name === "istio" || (name === undefined && (await findWeightedRule(kube, namespace, service)));
  if (isIstio) return istioEngine(options);
  const engine = knativeEngine(options);
  // That it is there, so that another can be looked for where it is not.
  await engine.read();
  return engine;
}

/** A cluster that cannot be had is none, when nobody asked for one. */
async function noCluster(error: unknown): Promise<undefined> {
  const [{ NoCluster }, { Unreachable }, { UserError }] = await Promise.all([
    import("../cluster/kubeconfig/kubeconfig.ts"),
    import("../cluster/kube/connection.ts"),
    import("../cluster/user-error.ts"),
  ]);
  if ([NoCluster, Unreachable, UserError, CannotWrite].some((type) => error instanceof type))
    return undefined;
  throw error;
}
