import { join } from "node:path";
import type { PlatformContext } from "../../cluster/platform/platform-context.ts";

export interface PlatformFlags {
  context?: string | undefined;
  /** Keeps released files below `.kyc/cache`. */
  dir: string;
  /** In milliseconds. */
  timeout: number;
}

/** The context of the steps of `up` and `down`: the user's cluster, programs and environment. */
export async function platformContext(
  { context, timeout, dir }: PlatformFlags,
  signal: AbortSignal,
): Promise<PlatformContext> {
  const [{ PlatformContext }, { connect }, { programs }] = await Promise.all([
    import("../../cluster/platform/platform-context.ts"),
    import("../../cluster/kube/connection.ts"),
    import("../../cluster/programs.ts"),
  ]);
  return new PlatformContext({
    connect: (name) => connect({ context: name }),
    context,
    programs,
    signal,
    timeoutMs: timeout,
    cacheDir: join(dir, ".kyc/cache"),
    env: process.env,
  });
}
