import { type ServiceContext, serviceContext } from "../../cluster/kube/service-context.ts";
import type { RecordedEngine } from "../../engines/engine.ts";
import { findEngine } from "../../engines/find-engine.ts";
import { EXIT, Failure } from "../../exit.ts";
import { InvalidManifests } from "../../manifests/problem.ts";
import { printMessage } from "../../text/print.ts";
import { CannotWrite, UnknownService } from "../../traffic/split/split.ts";
import type { SplitFlags } from "./flags.ts";

/** The service that a command is about, and the engine that carries its split. */
export interface SplitContext {
  where: ServiceContext;
  engine: RecordedEngine;
}

/**
 * Finds the engine of a service. An engine that was detected is named on standard error.
 * @throws Failure when the engine cannot be used, or has no such service
 */
export async function splitContext(service: string, flags: SplitFlags): Promise<SplitContext> {
  const { dir, context, namespace } = flags;
  const where = serviceContext({ service, root: dir, context, namespace });
  try {
    const { engine, because } = await findEngine(where, flags.engine);
    if (because !== undefined) printMessage(`engine ${engine.name}: ${because}`);
    return { where, engine };
  } catch (error) {
    if (error instanceof UnknownService) throw new Failure(error.message, EXIT.usage);
    if (error instanceof CannotWrite || error instanceof InvalidManifests) throw new Failure(error.message);
    throw error;
  }
}
