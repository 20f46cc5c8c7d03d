import { hostname, userInfo } from "node:os";
import { resolve } from "node:path";
import type { FoundEngine } from "../../engines/find-engine.ts";
import { Failure } from "../../exit.ts";
import type { EngineName } from "../../traffic/engine.ts";
import { type KnFlags, splitList } from "../../traffic/kn/flags.ts";

/** The flags of `kyc split`. */
export interface SplitFlags {
  traffic?: string[];
  tag?: string[];
  untag?: string[];
  undo: boolean;
  engine?: EngineName;
  dryRun: boolean;
  allowMissing: boolean;
  force: boolean;
  from?: string;
  latest?: string;
  /** Milliseconds. */
  observe: number;
  dir: string;
  prometheus?: string;
  context?: string;
  namespace: string;
  /** Milliseconds. */
  timeout: number;
  output?: "json";
}

/** Whether one of kn's flags was given. */
export function isChange({ traffic, tag, untag }: SplitFlags): boolean {
  return traffic !== undefined || tag !== undefined || untag !== undefined;
}

/** kn's flags as lists: each may be given several times, and be a list with commas. */
export function knFlagsOf({ traffic, tag = [], untag = [] }: SplitFlags): KnFlags {
  return {
    traffic: traffic && splitList(traffic),
    tags: splitList(tag),
    untags: splitList(untag),
  };
}

/** The engine that is meant, told on standard error when it was found by looking. */
export async function engineFor(service: string, flags: SplitFlags): Promise<FoundEngine["engine"]> {
  const [{ findEngine }, { CannotWrite }, { InvalidManifests }] = await Promise.all([
    import("../../engines/find-engine.ts"),
    import("../../traffic/engine.ts"),
    import("../../manifests/problem.ts"),
  ]);
  try {
    const { engine, because } = await findEngine({ ...flags, service, root: resolve(flags.dir) });
    if (because !== undefined) console.error(`engine ${engine.name}: ${because}`);
    return engine;
  } catch (error) {
    if (error instanceof CannotWrite || error instanceof InvalidManifests) throw new Failure(error.message);
    throw error;
  }
}

/** Who makes a change, as the history keeps it. */
export function whoAmI(): string {
  const { USER, LOGNAME } = process.env;
  return `${USER || LOGNAME || userInfo().username}@${hostname()}`;
}
