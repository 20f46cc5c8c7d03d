import { fileURLToPath } from "node:url";
import { freePort } from "./sockets.ts";

/** A process of a test. */
export interface Child {
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly exited: Promise<number>;
  /** All of stdout, once it has ended. */
  readonly stdout: () => Promise<string>;
  readonly stderr: () => Promise<string>;
}

/** A listening service in a separate process. */
export interface ServiceProcess extends Child {
  readonly origin: string;
  readonly port: number;
}

type Service = "credit-check" | "kyc-aggregator" | "kyc-shadow";
type Env = Readonly<Record<string, string>>;

const mainOf = (service: Service): string =>
  fileURLToPath(new URL(`../../${service}/main.ts`, import.meta.url));

/** Starts Bun with exactly this environment, so that no proxy is used for the loopback address. */
export function spawnBun(args: readonly string[], env: Env = {}): Child {
  const child = Bun.spawn([process.execPath, ...args], { env: { ...env }, stdout: "pipe", stderr: "pipe" });
  const stdout = new Response(child.stdout).text();
  const stderr = new Response(child.stderr).text();
  return {
    kill: (signal) => child.kill(signal),
    exited: child.exited,
    stdout: () => stdout,
    stderr: () => stderr,
  };
}

/** Starts a service without waiting for it. */
export const spawnService = (service: Service, env: Env): Child => spawnBun([mainOf(service)], env);

/** Starts a service on a free port of the loopback address, and waits until it is ready. */
export async function startService(service: Service, env: Env = {}): Promise<ServiceProcess> {
  const port = await freePort();
  const child = spawnService(service, { HOST: "127.0.0.1", PORT: String(port), ...env });
  const origin = `http://127.0.0.1:${port}`;
  const failed = child.exited.then(async (code) => {
    throw new Error(`${service} ended with ${code}: ${await child.stderr()}`);
  });
  failed.catch(() => undefined);
  await Promise.race([answers(`${origin}/readyz`), failed]);
  return { ...child, origin, port };
}

/** Waits for a successful response. */
export async function answers(url: string): Promise<void> {
  for (;;) {
    const response = await fetch(url).catch(() => undefined);
    await response?.body?.cancel();
    if (response?.ok === true) return;
    await Bun.sleep(5);
  }
}
