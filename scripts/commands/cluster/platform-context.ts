import { join } from "node:path";
import { PROJECT } from "../../project.ts";
import { InvalidArgumentError } from "commander";
import type { PlatformContext } from "../../cluster/platform/platform-context.ts";

export interface PlatformFlags {
  context?: string | undefined;
  /** In milliseconds. */
  timeout: number;
}

/** What the steps of `up` and `down` work on: the user's cluster, programs and environment. */
export async function platformContext(
  { context, timeout }: PlatformFlags,
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
    cacheDir: join(PROJECT, ".kyc/cache"),
    env: process.env,
  });
}

/** A time as people write it: `90s`, `5m`, `1h`; a number alone is seconds. */
export function duration(text: string): number {
  const [, number, unit = "s"] = /^([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)?$/.exec(text) ?? [];
  const ms = Number(number) * { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[unit as "ms" | "s" | "m" | "h"];
  if (!(ms > 0)) throw new InvalidArgumentError("A time such as 90s or 5m is expected.");
  return ms;
}
