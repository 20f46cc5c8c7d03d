import type { Subprocess } from "bun";
import { AS_BUN } from "../../project.ts";
import { HttpClient } from "../http/client.ts";
import { linesOf } from "../../text/lines.ts";
import { within } from "./within.ts";
import type { RevisionSpec } from "./spec.ts";

export interface ProcessOptions {
  spec: RevisionSpec;
  /** The proxy that replaces the sidecar: cluster-local hosts are reached through it. */
  proxyUrl: string;
  onLine(line: string): void;
  /** Called when the process has ended; `how` describes it. */
  onExit(how: string): void;
}

/** One process of a revision. */
export interface RevisionProcess {
  readonly pid: number;
  readonly port: number;
  readonly client: HttpClient;
  /**
   * Resolves with true when the readiness probe succeeds, and with false when the process ends before.
   * @throws if it is not ready in time
   */
  ready(): Promise<boolean>;
  /** Lets requests in flight finish, then sends SIGTERM, and SIGKILL if the process does not end. */
  stop(): Promise<void>;
  /** Ends the process at once. */
  kill(): void;
}

const HOSTNAME = "127.0.0.1";
const READY_WITHIN_MS = 30_000;
const STOP_WITHIN_MS = 15_000;
const MAX_LINE_BYTES = 64 * 1024;
// A grandchild may hold the pipe open after the process has ended.
const OUTPUT_WITHIN_MS = 200;

/**
 * Starts a process of a revision with the variables of its manifest, those of Knative, and PORT. Two more are set:
 * HOST, so that only this machine can reach it, and HTTP_PROXY, which replaces the sidecar.
 */
export function startProcess(options: ProcessOptions): RevisionProcess {
  const { spec } = options;
  const port = spec.port ?? freePort();
  const withPort = (text: string): string => text.replaceAll("$(PORT)", String(port));
  const child = Bun.spawn(spec.command.map(withPort), {
    cwd: spec.cwd,
    env: {
      ...inherited(),
      ...AS_BUN,
      NODE_ENV: "production",
      HTTP_PROXY: options.proxyUrl,
      ...spec.env,
      HOST: HOSTNAME,
      PORT: String(port),
      ...spec.knativeEnv,
    },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    // A separate process group: Ctrl-C in the terminal reaches only the mesh, which then stops the revisions.
    detached: true,
  });
  const client = new HttpClient(HOSTNAME, port);
  const output = Promise.all([
    eachLine(child.stdout, options.onLine),
    eachLine(child.stderr, options.onLine),
  ]);
  void child.exited.then(async () => {
    await within(OUTPUT_WITHIN_MS, output);
    options.onExit(describeExit(child));
  });
  return {
    pid: child.pid,
    port,
    client,
    ready: () => untilReady(child, client, spec.readinessPath),
    async stop() {
      await within(STOP_WITHIN_MS, client.close());
      child.kill("SIGTERM");
      if (!(await within(STOP_WITHIN_MS, child.exited))) child.kill("SIGKILL");
      await child.exited;
    },
    kill: () => child.kill("SIGKILL"),
  };
}

// The variables that a program needs to find its tools, its temporary folder and the collector of its traces, without
// the rest of the user's environment. OTEL_SERVICE_NAME is the mesh's own.
function inherited(): Record<string, string> {
  const traces = Object.keys(process.env).filter((name) => name.startsWith("OTEL_"));
  const names = [
    "PATH",
    "HOME",
    "TMPDIR",
    "TZ",
    "LANG",
    ...traces.filter((name) => name !== "OTEL_SERVICE_NAME"),
  ];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

function freePort(): number {
  const listener = Bun.listen({ hostname: HOSTNAME, port: 0, exclusive: true, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}

async function untilReady(child: Subprocess, client: HttpClient, path: string | undefined): Promise<boolean> {
  const giveUpAt = performance.now() + READY_WITHIN_MS;
  let pause = 5;
  while (child.exitCode === null && child.signalCode === null) {
    const last = await probe(client, path ?? "/");
    if (last === "ready" || (path === undefined && last !== "no answer")) return true;
    if (performance.now() > giveUpAt)
      throw new Error(`not ready after ${READY_WITHIN_MS / 1000} s: ${path} gave ${last}`);
    await Bun.sleep(pause);
    pause = Math.min(pause * 1.2, 100);
  }
  return false;
}

function probe(client: HttpClient, path: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const head = Buffer.from(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nuser-agent: kube-probe/kyc\r\n\r\n`);
  const request = client.send(
    "GET",
    head,
    {
      onHead: ({ status }) => resolve(status === 200 ? "ready" : `status ${status}`),
      onData() {},
      onFlush() {},
      onEnd() {},
      onFailure: () => resolve("no answer"),
    },
    true,
  );
  request.finish();
  return promise;
}

async function eachLine(stream: ReadableStream<Uint8Array>, onLine: (line: string) => void): Promise<void> {
  for await (const line of linesOf(stream, { maxBytes: MAX_LINE_BYTES })) onLine(line);
}

function describeExit(child: Subprocess): string {
  if (child.signalCode !== null) return `ended by ${child.signalCode}`;
  return child.exitCode === 78
    ? "ended: its configuration is not valid (exit code 78)"
    : `ended with code ${child.exitCode}`;
}
