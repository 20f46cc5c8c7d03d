import type { EngineDefinition } from "./engine.ts";
import { istio } from "./istio/istio.ts";
import { knative } from "./knative/knative.ts";
import { local } from "./local/local.ts";

/** Every engine, in the order of detection. */
export const ENGINES: readonly EngineDefinition[] = [local, istio, knative];

export const ENGINE_NAMES: readonly string[] = ENGINES.map(({ name }) => name);

/** The engine of the files of a folder, used if no other one applies. */
export const FILES_ENGINE = local;

/** The engines of clusters. */
export const CLUSTER_ENGINES = ENGINES.filter(({ location }) => location === "cluster");
