import { removalSteps } from "../platform/down.ts";
import { whatIsLeft } from "../platform/leftovers.ts";
import { runSteps } from "../platform/run-steps.ts";
import type { Site } from "../platform/platform-context.ts";

// What belongs to a removed object is collected later: pods take half a minute to end, and keep their namespace.
const LOOKS = 60;

/**
 * Takes back what was deployed, as `down --keep-platform` does, and looks at what is left of it.
 * @throws Unable, Interrupted, StillThere, ApiError
 */
export async function takeBack(site: Site, namespace: string): Promise<string[]> {
  await runSteps(await removalSteps(site, { namespace, keepPlatform: true }), site);
  let left: string[] = [];
  for (let look = 0; look < LOOKS; look++) {
    site.signal.throwIfAborted();
    left = await whatIsLeft(site.kube());
    if (left.length === 0) break;
    await Bun.sleep(site.pollMs);
  }
  return left;
}
