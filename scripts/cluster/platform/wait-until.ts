import { pause } from "../kube/pause.ts";
import { Unreachable } from "../kube/connection.ts";
import { UserError } from "../user-error.ts";
import type { PlatformContext } from "./platform-context.ts";
import type { Report } from "./step.ts";

/**
 * Waits until nothing is in the way any more.
 * @param check what is still in the way, or nothing
 * @throws UserError at the platform's timeout, with what was in the way last
 */
export async function until(
  what: string,
  platform: Pick<PlatformContext, "signal" | "timeoutMs" | "pollMs">,
  report: Report,
  check: () => Promise<string | undefined>,
): Promise<void> {
  const since = performance.now();
  for (;;) {
    platform.signal.throwIfAborted();
    const reason = await check().catch((error: unknown) => {
      // An API server that restarts is no reason to give up.
      if (error instanceof Unreachable) return error.message;
      throw error;
    });
    if (reason === undefined) return;
    report(reason);
    if (performance.now() - since > platform.timeoutMs)
      throw new UserError(
        `${what} was not ready after ${Math.round(platform.timeoutMs / 1_000)} s: ${reason}\nWhat was done stays. Run the command again to wait on, with --timeout for longer.`,
      );
    await pause(platform.pollMs, platform.signal);
  }
}
