import type { AnyElysia } from "elysia";
import type { ServiceSettings } from "./config.ts";
import type { Activity } from "./http/call.ts";
import type { LogOutput } from "./telemetry/log-output.ts";
import type { Log } from "./telemetry/log.ts";
import { describeError } from "./telemetry/safe-error.ts";

/** An application, its address, and the log that is flushed when it ends. */
export interface Lifecycle {
  readonly app: AnyElysia;
  readonly config: Pick<ServiceSettings, "PORT" | "HOST" | "DRAIN_MS">;
  readonly output: LogOutput;
  readonly log: Log;
  readonly activity: Activity;
}

const SIGNALS = { SIGTERM: 15, SIGINT: 2 } as const;
/**
 * Longer than the 90 seconds for which a proxy in Go, such as Knative's, keeps an idle connection, so that the proxy
 * closes first and never sends a request on a connection that this server is closing.
 */
const IDLE_SECONDS = 120;
/** The maximum delay of the shutdown by a hanging reader of the log. */
const LAST_FLUSH_MS = 1000;

/**
 * Runs an application until the process ends. SIGTERM or SIGINT: no new connections, requests in flight may finish within
 * DRAIN_MS, exit code 0. A second signal: immediate exit with 128 plus its number. An unusable port or an uncaught error:
 * exit code 1.
 */
export function serve({ app, config, output, log, activity }: Lifecycle): void {
  const lastWords = () => Promise.race([output.flush(), Bun.sleep(LAST_FLUSH_MS)]);

  async function crash(error: unknown): Promise<void> {
    log.error("uncaught error", describeError(error));
    await lastWords();
    process.exit(1);
  }

  // Stops listening, closes idle connections, and waits for the requests in flight, including those that must still be
  // logged after their caller disconnected. It does not wait for `stop` itself, which does not settle while a connection
  // has an incomplete request head.
  async function finish(): Promise<void> {
    void app.server?.stop();
    while (activity.calls > 0 || (app.server?.pendingRequests ?? 0) > 0) await Bun.sleep(5);
  }

  async function drain(signal: keyof typeof SIGNALS): Promise<void> {
    activity.draining = true;
    log.info("draining", { signal });
    const late = Symbol("late");
    const first = await Promise.race([finish(), Bun.sleep(config.DRAIN_MS).then(() => late)]);
    if (first === late) log.error("cut off", { requests: activity.calls });
    await app.server?.stop(true);
    log.info("stopped");
    await lastWords();
    process.exit(0);
  }

  process.on("exit", () => void output.flush());
  process.on("uncaughtException", (error) => void crash(error));
  process.on("unhandledRejection", (error) => void crash(error));
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (activity.draining) process.exit(128 + SIGNALS[signal]);
      void drain(signal);
    });
  }
  listen(app, config);
  log.info("listening", { host: config.HOST, port: config.PORT });
}

function listen(app: AnyElysia, { HOST, PORT }: Pick<ServiceSettings, "PORT" | "HOST">): void {
  try {
    app.listen({
      hostname: HOST,
      port: PORT,
      // By default Elysia shares a port that is in use, without an error.
      reusePort: false,
      development: false,
      idleTimeout: IDLE_SECONDS,
      // Bun would refuse a large body without a problem document; `requests` refuses it with one.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const reason =
      code === "EADDRINUSE" ? "something else listens there already" : code || "it cannot be used";
    console.error(`cannot listen on ${HOST} port ${PORT}: ${reason}`);
    process.exit(1);
  }
}
