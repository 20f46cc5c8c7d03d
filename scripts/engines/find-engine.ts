import type { ServiceContext } from "../cluster/kube/service-context.ts";
import { UsageError, UserError } from "../cluster/user-error.ts";
import { didYouMean } from "../nearest.ts";
import { CannotWrite } from "../traffic/split/split.ts";
import type { EngineDefinition, RecordedEngine } from "./engine.ts";
import { CLUSTER_ENGINES, ENGINE_NAMES, ENGINES, FILES_ENGINE } from "./registry.ts";

/** An engine, and why it was chosen. */
export interface FoundEngine {
  engine: RecordedEngine;
  /** The end of a sentence; undefined if the user named it. */
  because: string | undefined;
}

/**
 * Finds the engine that owns the split of a service. Without a name, the registry's engines are tried in order; only
 * those of clusters if the user named a context. If none owns it, the engine of the files is used.
 * @param name of an engine; by default it is detected
 * @throws UserError, NoCluster, Unreachable, CannotWrite, InvalidManifests if the chosen engine cannot be used
 */
export async function findEngine(context: ServiceContext, name?: string): Promise<FoundEngine> {
  if (name !== undefined) return { engine: await engineNamed(name).open(context), because: undefined };
  if (context.context !== undefined) return onNamedContext(context, context.context);
  for (const definition of ENGINES) {
    const found = await definition.detect(context).catch(undefinedIfAbsent);
    if (found !== undefined && !("because" in found)) return { engine: found, because: why(definition) };
  }
  return {
    engine: await FILES_ENGINE.open(context),
    because: "neither ./kyc dev nor a cluster with this service is reachable",
  };
}

/** Returns the engine of a name. @throws UserError if there is none */
export function engineNamed(name: string): EngineDefinition {
  const found = ENGINES.find((definition) => definition.name === name);
  if (found !== undefined) return found;
  throw new UsageError(`There is no engine ${name}: ${didYouMean(name, ENGINE_NAMES)}`);
}

/** The user named the cluster, so an unreachable one is an error. */
async function onNamedContext(context: ServiceContext, named: string): Promise<FoundEngine> {
  const reasons: string[] = [];
  for (const definition of CLUSTER_ENGINES) {
    const found = await definition.detect(context);
    if (!("because" in found)) return { engine: found, because: `it has the split on context ${named}` };
    reasons.push(found.because);
  }
  throw new UserError(reasons.join("\n"));
}

function why({ location }: EngineDefinition): string {
  if (location === "cluster") return "it has the split on the current context";
  const others = CLUSTER_ENGINES.map(({ name }) => name).join(" or ");
  return `./kyc dev is running; use --engine ${others} for a cluster`;
}

/** When detecting, an unreachable cluster counts as not owning the split. */
async function undefinedIfAbsent(error: unknown): Promise<undefined> {
  const [{ NoCluster }, { Unreachable }] = await Promise.all([
    import("../cluster/kubeconfig/kubeconfig.ts"),
    import("../cluster/kube/connection.ts"),
  ]);
  if ([NoCluster, Unreachable, UserError, CannotWrite].some((type) => error instanceof type))
    return undefined;
  throw error;
}
