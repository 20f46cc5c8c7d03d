import { resolve } from "node:path";
import { type ServiceContext, serviceContext } from "../../cluster/kube/service-context.ts";
import type { RecordedEngine } from "../../engines/engine.ts";
import { Failure } from "../../exit.ts";
import type { KnFlags } from "../../traffic/kn/flags.ts";
import { readList } from "../../traffic/kn/list.ts";
import type { EngineFlags } from "../options/engine-options.ts";
import { printMessage } from "../../text/print.ts";
import type { OutputFormat } from "../../text/data.ts";

/** The flags of `kyc split`; those of kn are lists already. */
export interface SplitFlags extends EngineFlags {
  traffic?: string[];
  tag?: string[];
  untag?: string[];
  undo: boolean;
  dryRun: boolean;
  allowMissing: boolean;
  force: boolean;
  from?: string;
  latest?: string;
  /** Milliseconds. */
  observe: number;
  dir: string;
  context?: string;
  namespace: string;
  /** Milliseconds. */
  timeout: number;
  output?: OutputFormat;
}

/** Whether one of kn's flags was given. */
export function isChange({ traffic, tag, untag }: SplitFlags): boolean {
  return traffic !== undefined || tag !== undefined || untag !== undefined;
}

/**
 * What commander collects of one of kn's flags: each may be given several times, and be a list with commas.
 * @throws Failure in kn's sentence when the value is no list
 */
export function listOf(flag: Parameters<typeof readList>[0]): (value: string, before?: string[]) => string[] {
  return (value, before = []) => {
    const list = readList(flag, value);
    if ("refusal" in list) throw new Failure(list.refusal);
    return [...before, ...list.items];
  };
}

/** kn's flags as kn's rules take them. */
export function knFlagsOf({ traffic, tag = [], untag = [] }: SplitFlags): KnFlags {
  return { traffic, tags: tag, untags: untag };
}

/** Where the flags say that a service is. */
export function contextOf(service: string, { dir, context, namespace }: SplitFlags): ServiceContext {
  return serviceContext({ service, root: resolve(dir), context, namespace });
}

/** The engine that is meant. One that was found by looking is named on standard error. */
export async function engineFor(where: ServiceContext, flags: SplitFlags): Promise<RecordedEngine> {
  const [{ findEngine }, { CannotWrite }, { InvalidManifests }] = await Promise.all([
    import("../../engines/find-engine.ts"),
    import("../../traffic/split/split.ts"),
    import("../../manifests/problem.ts"),
  ]);
  try {
    const { engine, because } = await findEngine(where, flags.engine);
    if (because !== undefined) printMessage(`engine ${engine.name}: ${because}`);
    return engine;
  } catch (error) {
    if (error instanceof CannotWrite || error instanceof InvalidManifests) throw new Failure(error.message);
    throw error;
  }
}
