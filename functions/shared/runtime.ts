import type { ServiceSettings } from "./config.ts";
import { createLogOutput, type LogOutput } from "./telemetry/log-output.ts";
import { createLog } from "./telemetry/log.ts";
import { createMetrics } from "./telemetry/metrics.ts";
import type { ServiceDeps } from "./service.ts";

/** The dependencies of a service in a process of its own: standard output, the clock and random ids. */
export function createRuntime(config: Pick<ServiceSettings, "K_SERVICE" | "K_REVISION">): {
  deps: ServiceDeps;
  output: LogOutput;
} {
  const output = createLogOutput({
    sink: Bun.stdout.writer(),
    onLost: (lines) => log.error("log lines lost", { lines }),
  });
  const log = createLog({
    service: config.K_SERVICE,
    revision: config.K_REVISION,
    now: Date.now,
    write: output.write,
  });
  const deps = {
    log,
    clock: () => performance.now(),
    newId: () => crypto.randomUUID(),
    metrics: createMetrics({ revision: config.K_REVISION }),
    activity: { draining: false, calls: 0 },
  };
  return { deps, output };
}
