import { pause } from "../kube/pause.ts";
import { Unreachable } from "../kube/connection.ts";
import { Unable } from "../user-error.ts";
import type { Site } from "./platform-context.ts";
import type { Tell } from "./step.ts";

/**
 * Waits until nothing is in the way any more.
 * @param check what is still in the way, or nothing
 * @throws Unable at the site's timeout, with what was in the way last
 */
export async function until(
  what: string,
  site: Pick<Site, "signal" | "timeoutMs" | "pollMs">,
  tell: Tell,
  check: () => Promise<string | undefined>,
): Promise<void> {
  const since = performance.now();
  for (;;) {
    site.signal.throwIfAborted();
    const reason = await check().catch((error: unknown) => {
      // An API server that restarts is no reason to give up.
      if (error instanceof Unreachable) return error.message;
      throw error;
    });
    if (reason === undefined) return;
    tell(reason);
    if (performance.now() - since > site.timeoutMs)
      throw new Unable(
        `${what} was not ready after ${Math.round(site.timeoutMs / 1_000)} s: ${reason}\nWhat was done stays. Run the command again to wait on, with --timeout for longer.`,
      );
    await pause(site.pollMs, site.signal);
  }
}
