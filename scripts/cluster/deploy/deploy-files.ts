import { stat } from "node:fs/promises";
import { join } from "node:path";
import { InvalidManifests } from "../../manifests/problem.ts";
import { readDocuments } from "../../manifests/read.ts";
import { ensureImages, imagesOf } from "../images/ensure-images.ts";
import { type Checks, isPlainGet, readChecks } from "../checks-file.ts";
import { findIngress, type Ingress, NoIngress } from "../ingress.ts";
import type { Kube } from "../kube/client.ts";
import { programs } from "../programs.ts";
import { KNATIVE_SERVICE } from "../workload/live-objects.ts";
import { deploy, type Deployed, type DeployEvents } from "./deploy.ts";
import { untilRouted } from "./wait-for-route.ts";

export interface DeployFilesOptions {
  /** The folder that holds `knative`, the Istio folder, `functions` and the Dockerfile. */
  root: string;
  kube: Kube;
  env: Readonly<Record<string, string | undefined>>;
  namespace: string;
  /** The kustomization of the Istio objects, below the root. */
  istio: string;
  /** The address of the ingress gateway. @default detected */
  ingress?: string | undefined;
  /** Builds and loads the images that the nodes lack; otherwise they are assumed to be present. */
  buildImages: boolean;
  forceConflicts: boolean;
  dryRun: boolean;
  timeoutMs: number;
  signal: AbortSignal;
  events: DeployEvents & {
    /** Reports the progress of a function's image. */
    onImage(name: string, what: string, passing?: string): void;
  };
}

/** The result, and the address of the services or why it is unknown; undefined if nothing was applied. */
export interface DeployedFiles extends Deployed {
  ingress: Ingress | NoIngress | undefined;
  /** Whether the gateway answers as the first request of checks.yaml expects; true if there is none. */
  routed: boolean;
}

/** A folder may have no routes, but a folder of routes that was named must exist. */
async function appliedFolders(root: string, istio: string): Promise<string[]> {
  const isThere = await stat(join(root, istio)).then(
    () => true,
    () => false,
  );
  return isThere || istio !== "istio" ? ["knative", istio] : ["knative"];
}

async function routedBy(checks: Checks | undefined, url: string, signal: AbortSignal): Promise<boolean> {
  const first = checks?.requests.find(isPlainGet);
  if (first === undefined) return true;
  const statuses = [first.expect.status ?? 200].flat();
  return untilRouted({ url, path: first.path, statuses, signal, timeoutMs: ROUTED_WITHIN_MS });
}

const ROUTED_WITHIN_MS = 20_000;

/**
 * Deploys the objects of the files to a cluster, and waits until the ingress gateway routes to them.
 * @throws InvalidManifests, UserError, ApiError, DeployFailed
 */
export async function deployFiles(options: DeployFilesOptions): Promise<DeployedFiles> {
  const { root, kube, env, events, signal, dryRun } = options;
  const { documents, problems } = await readDocuments(root, await appliedFolders(root, options.istio));
  const errors = problems.filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new InvalidManifests(errors);
  // Fails early if there is no cluster, or no Knative on it, because building takes a while.
  await kube.path(KNATIVE_SERVICE, { namespace: options.namespace });
  const images =
    options.buildImages && !dryRun
      ? await ensureImages({
          root,
          programs,
          env,
          kube,
          signal,
          onProgress: (...told) => events.onImage(...told),
        })
      : await imagesOf(root, env);
  const deployed = await deploy({ ...options, documents, images });
  if (dryRun || deployed.conflicts.length > 0) return { ...deployed, ingress: undefined, routed: false };
  const ingress = await findIngress({ kube, given: options.ingress, signal }).catch((error: unknown) => {
    if (error instanceof NoIngress) return error;
    throw error;
  });
  const routed =
    !(ingress instanceof NoIngress) && (await routedBy(await readChecks(root), ingress.url, signal));
  return { ...deployed, ingress, routed };
}
