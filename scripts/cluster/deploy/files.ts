import { InvalidManifests } from "../../manifests/problem.ts";
import { readDocuments } from "../../manifests/read.ts";
import { ensureImages, imagesOf } from "../images/ensure.ts";
import type { Kube } from "../kube/client.ts";
import { programs } from "../run.ts";
import { deploy, type Deployed, type DeployEvents } from "./deploy.ts";

export interface DeployFilesOptions {
  /** The folder that holds `knative`, the Istio folder, `functions` and the Dockerfile. */
  root: string;
  kube: Kube;
  env: Readonly<Record<string, string | undefined>>;
  namespace: string;
  /** The kustomization of the Istio objects, below the root. */
  istio: string;
  /** Builds and brings the images that the nodes lack; otherwise they are taken for there. */
  buildImages: boolean;
  forceConflicts: boolean;
  dryRun: boolean;
  timeoutMs: number;
  signal: AbortSignal;
  events: DeployEvents & {
    /** What happens to the image of a function. */
    onImage(name: string, what: string, passing?: string): void;
  };
}

/**
 * Brings what the files describe to a cluster.
 * @throws InvalidManifests, Unable, ApiError, DeployFailed
 */
export async function deployFiles(options: DeployFilesOptions): Promise<Deployed> {
  const { root, kube, env, events, signal, dryRun } = options;
  const { documents, problems } = await readDocuments(root, ["knative", options.istio]);
  const errors = problems.filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new InvalidManifests(errors);
  const images =
    options.buildImages && !dryRun
      ? await ensureImages({ root, programs, env, kube, signal, onProgress: events.onImage })
      : await imagesOf(root, env);
  return deploy({ ...options, documents, images });
}
