import { pause } from "../kube/pause.ts";
import { Unreachable } from "../kube/connection.ts";
import { UserError } from "../user-error.ts";
import type { PlatformContext } from "./platform-context.ts";
import type { Report } from "./step.ts";

/**
 * Waits until a check has nothing more to report.
 * @param check the reason to wait, or undefined
 * @throws UserError at the platform's timeout, with the last reason
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
      // The API server may be restarting.
      if (error instanceof Unreachable) return error.message;
      throw error;
    });
    if (reason === undefined) return;
    report(reason);
    if (performance.now() - since > platform.timeoutMs)
      throw new UserError(
        `${what} was not ready after ${Math.round(platform.timeoutMs / 1_000)} s: ${reason}\nCompleted changes remain. Run the command again to continue waiting, with --timeout for a longer wait.`,
      );
    await pause(platform.pollMs, platform.signal);
  }
}
