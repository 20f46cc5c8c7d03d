import { join } from "node:path";
import { type ServiceContext, serviceContext } from "../../cluster/kube/service-context.ts";
import type { RecordedEngine } from "../../engines/engine.ts";
import { findEngine } from "../../engines/find-engine.ts";
import { EXIT, Failure } from "../../exit.ts";
import { PROJECT } from "../../project.ts";
import { InvalidManifests } from "../../manifests/problem.ts";
import type { Lock } from "../../rollout/lock/lock.ts";
import type { Mirror } from "../../shadow/mirror/mirror.ts";
import { readShadowFile, type ShadowFile } from "../../shadow/mirror/shadow-file.ts";
import { printMessage } from "../../text/print.ts";
import { CannotWrite, UnknownService } from "../../traffic/split/split.ts";
import { authorOf } from "../options/author.ts";

/** The place of a comparison. */
export interface ShadowPlace {
  dir: string;
  context?: string | undefined;
  namespace: string;
  engine?: string | undefined;
}

/** The context of a comparison. */
export interface ShadowContext {
  engine: RecordedEngine;
  mirror: Mirror;
  shadow: ShadowFile;
  lock: Lock;
  /** The namespace of the service. */
  namespace: string;
  reports: string;
  who: string;
}

/** Finds the engine of a service, and the mirror of its requests. @throws Failure, UserError when it cannot be mirrored */
export async function shadowContext(service: string, place: ShadowPlace): Promise<ShadowContext> {
  const root = place.dir;
  const where = serviceContext({ service, root, context: place.context, namespace: place.namespace });
  try {
    const { engine, because } = await findEngine(where, place.engine);
    if (because !== undefined) printMessage(`engine ${engine.name}: ${because}`);
    const shadow = await readShadowFile(root, service);
    const isOnCluster = engine.location === "cluster";
    const parts = isOnCluster ? await onCluster(where, shadow) : await onMachine(where, shadow);
    const who = await authorOf(isOnCluster ? await where.kube() : undefined);
    return { engine, shadow, ...parts, reports: join(root, ".kyc", "reports"), who };
  } catch (error) {
    if (error instanceof UnknownService) throw new Failure(error.message, EXIT.usage);
    if (error instanceof CannotWrite || error instanceof InvalidManifests) throw new Failure(error.message);
    throw error;
  }
}

type Parts = Pick<ShadowContext, "mirror" | "lock" | "namespace">;

async function onMachine({ root, service }: ServiceContext, shadow: ShadowFile): Promise<Parts> {
  const [{ localMirror }, { FileLock }] = await Promise.all([
    import("../../shadow/mirror/local-mirror.ts"),
    import("../../rollout/lock/file-lock.ts"),
  ]);
  return {
    mirror: await localMirror({ root, service, shadow }),
    lock: new FileLock(join(root, ".kyc", "shadow", `${service}.lock`), service),
    namespace: shadow.namespace,
  };
}

async function onCluster(where: ServiceContext, shadow: ShadowFile): Promise<Parts> {
  const [{ clusterMirror }, { LeaseLock }, { realClock }, { imagesOf }] = await Promise.all([
    import("../../shadow/mirror/cluster-mirror.ts"),
    import("../../rollout/lock/lease-lock.ts"),
    import("../../rollout/clock.ts"),
    import("../../cluster/images/ensure-images.ts"),
  ]);
  const { service, namespace } = where;
  const kube = await where.kube();
  // The shadow service is in this tool's own folder, not in the user's.
  async function image(): Promise<string> {
    const images = await imagesOf(PROJECT, process.env);
    const found = images.find(({ name }) => name === shadow.name);
    if (found === undefined) throw new Failure(`functions/ has no ${shadow.name}, whose image is needed.`);
    return found.image;
  }
  return {
    mirror: await clusterMirror({ kube, namespace, service, shadow, image }),
    lock: new LeaseLock(kube, namespace, `${service}-shadow`, realClock),
    namespace,
  };
}
