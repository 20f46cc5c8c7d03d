import { removalSteps } from "../cluster/platform/steps/down.ts";
import { findLeftovers } from "../cluster/platform/leftovers.ts";
import { runSteps } from "../cluster/platform/run-steps.ts";
import type { PlatformContext } from "../cluster/platform/platform-context.ts";

// Dependents of a removed object are garbage-collected later: pods take half a minute to end, and keep their namespace.
const LOOKS = 60;

/**
 * Removes what was deployed, as `down --keep-platform` does, and lists what remains.
 * @throws UserError, Interrupted, StillThere, ApiError
 */
export async function takeBack(platform: PlatformContext, namespace: string): Promise<string[]> {
  await runSteps(await removalSteps(platform, { namespace, keepPlatform: true }), platform);
  let left: string[] = [];
  for (let look = 0; look < LOOKS; look++) {
    platform.signal.throwIfAborted();
    left = await findLeftovers(platform.kube());
    if (left.length === 0) break;
    await Bun.sleep(platform.pollMs);
  }
  return left;
}
