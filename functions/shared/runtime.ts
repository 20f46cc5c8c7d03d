import type { Environment, ServiceSettings } from "./config.ts";
import { createLogOutput, type LogOutput } from "./telemetry/log-output.ts";
import { createLog } from "./telemetry/log.ts";
import { createMetrics } from "./telemetry/metrics.ts";
import { exportsTraces } from "./telemetry/tracing.ts";
import type { ServiceDeps } from "./service.ts";

/**
 * The dependencies of a service that runs as a process: standard output, the clock, random ids, and the export of
 * traces if `env` configures it. The output flushes the spans as well.
 */
export async function createRuntime(
  config: Pick<ServiceSettings, "K_SERVICE" | "K_REVISION">,
  env: Environment,
): Promise<{ deps: ServiceDeps; output: LogOutput }> {
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
  if (!exportsTraces(env)) return { deps, output };
  const { openTracing } = await import("./tracing/open-tracing.ts");
  const tracing = await openTracing({ env, service: config.K_SERVICE, version: config.K_REVISION, log });
  if (tracing === undefined) return { deps, output };
  deps.metrics.append(tracing.metrics);
  const flush = async () => void (await Promise.all([tracing.flush(), output.flush()]));
  return { deps: { ...deps, tracer: tracing.tracer }, output: { ...output, flush } };
}
