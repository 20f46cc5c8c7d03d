import { afterEach, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import {
  spawnBun,
  spawnService,
  startService,
  type Child,
  type ServiceProcess,
} from "./testing/service-process.ts";
import { exchangeBytes, freePort, tcpServer, type TcpServer } from "./testing/sockets.ts";

const CHECK = { CREDIT_CHECK_VARIANT: "basic" };
const ANSWER = '{"type":"BASIC","blackListed":false,"backgroundCheckPass":true}';

const children: Child[] = [];
let upstream: TcpServer | undefined;
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await upstream?.close();
});

async function started(...args: Parameters<typeof startService>) {
  const child = await startService(...args);
  children.push(child);
  return child;
}

/** An aggregator with a request in flight, whose credit check answers when `release` is called. */
async function busyAggregator(env: Record<string, string> = {}) {
  const arrived = Promise.withResolvers<() => void>();
  const bytes = `HTTP/1.1 200 OK\r\ncontent-length: ${ANSWER.length}\r\n\r\n${ANSWER}`;
  upstream = await tcpServer((socket) => arrived.resolve(() => void socket.write(bytes)));
  const service = await started("kyc-aggregator", {
    CREDIT_CHECK_URL: upstream.origin,
    BUCKET_KEY: "a key for the buckets of these tests alone",
    UPSTREAM_TIMEOUT_MS: "60000",
    DRAIN_MS: "600000",
    ...env,
  });
  const answer = fetch(`${service.origin}/kyc/v1/customer`).then(
    (response) => response.status,
    () => "cut off",
  );
  return { service, answer, release: await arrived.promise };
}

/** Resolves when a service accepts no more connections. */
async function untilDraining({ port }: ServiceProcess): Promise<void> {
  while ((await exchangeBytes(port, "GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")) !== "");
}

const messages = async (child: Child): Promise<unknown[]> =>
  (await child.stdout())
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line).msg);

describe("a start", () => {
  test("with an invalid environment exits with 78 and all mistakes", async () => {
    const child = spawnService("kyc-aggregator", { PORT: "http", K_REVISION: "No", DRAIN_MS: "" });
    expect(await child.exited).toBe(78);
    expect(await child.stdout()).toBe("");
    expect(await child.stderr()).toBe(
      [
        "kyc-aggregator cannot start: 3 mistakes in its environment",
        '  PORT is "http"; expected a whole number from 1 to 65535',
        '  K_REVISION is "No"; expected a name as Knative gives it',
        "  CREDIT_CHECK_URL is not set; expected an absolute http or https URL without user, path or query",
        "",
      ].join("\n"),
    );
  });

  test("with an unknown variant exits with 78 and names the known ones", async () => {
    const child = spawnService("credit-check", { CREDIT_CHECK_VARIANT: "advance" });
    expect(await child.exited).toBe(78);
    expect(await child.stderr()).toContain(
      '"advance" (did you mean advanced?); expected one of basic, advanced, v3',
    );
  });

  test("on a port in use exits with 1 and names it", async () => {
    upstream = await tcpServer(() => undefined);
    const child = spawnService("credit-check", { ...CHECK, HOST: "127.0.0.1", PORT: String(upstream.port) });
    expect(await child.exited).toBe(1);
    expect(await child.stderr()).toBe(
      `cannot listen on 127.0.0.1 port ${upstream.port}: something else listens there already\n`,
    );
  });

  test("on a free port listens there, with the names set by Knative", async () => {
    const names = {
      K_SERVICE: "credit-check",
      K_REVISION: "credit-check-00003",
      K_CONFIGURATION: "credit-check",
    };
    const service = await started("credit-check", { ...CHECK, ...names });
    const response = await fetch(`${service.origin}/credit-check/report`);
    expect(await response.text()).toBe(ANSWER);
    expect(response.headers.get("x-kyc-revision")).toBe("credit-check-00003");
    service.kill("SIGTERM");
    const [first = ""] = (await service.stdout()).split("\n");
    expect(JSON.parse(first)).toMatchObject({
      msg: "listening",
      service: "credit-check",
      revision: "credit-check-00003",
      host: "127.0.0.1",
      port: service.port,
    });
  });
});

describe("a shutdown", () => {
  test.each(["SIGTERM", "SIGINT"] as const)("by %s lets a request in flight finish", async (signal) => {
    const { service, answer, release } = await busyAggregator();
    service.kill(signal);
    await untilDraining(service);
    release();
    expect(await answer).toBe(200);
    expect(await service.exited).toBe(0);
    expect(await messages(service)).toEqual(["listening", "draining", "request", "stopped"]);
  });

  test("aborts requests in flight after DRAIN_MS, and still exits with 0", async () => {
    const { service, answer } = await busyAggregator({ DRAIN_MS: "100" });
    service.kill("SIGTERM");
    expect(await answer).toBe("cut off");
    expect(await service.exited).toBe(0);
    expect(await messages(service)).toContain("cut off");
  });

  test.each([
    ["SIGTERM", 143],
    ["SIGINT", 130],
  ] as const)("is immediate after a second %s", async (signal, code) => {
    const { service, answer } = await busyAggregator();
    service.kill("SIGTERM");
    await untilDraining(service);
    service.kill(signal);
    expect(await service.exited).toBe(code);
    expect(await answer).toBe("cut off");
    expect(await messages(service)).toEqual(["listening", "draining"]);
  });

  test.each([
    ["are idle", ""],
    ["have sent a part of a request's head", "GET /credit-check/report HTTP/1.1\r\nho"],
    ["are kept alive", "GET /credit-check/report HTTP/1.1\r\nhost: x\r\n\r\n"],
    ["have begun another request", "GET /credit-check/report HTTP/1.1\r\nhost: x\r\n\r\nGET / HT"],
  ])("is not delayed by connections that %s", async (_what, bytes) => {
    const service = await started("credit-check", { ...CHECK, DRAIN_MS: "600000" });
    const client = connect(service.port, "127.0.0.1");
    if (bytes !== "") client.write(bytes);
    const closed = new Promise((resolve) => client.on("close", resolve));
    client.on("error", () => undefined).resume();
    await fetch(`${service.origin}/credit-check/report`).then((response) => response.text());
    service.kill("SIGTERM");
    expect(await service.exited).toBe(0);
    expect(await messages(service)).not.toContain("cut off");
    // Linux passes a connection to Bun with its first byte; a connection without bytes is never closed.
    if (bytes !== "") await closed;
    client.destroy();
  });

  test("loses no line of the log", async () => {
    const service = await started("credit-check", CHECK);
    const requests = Array.from({ length: 300 }, () => fetch(`${service.origin}/credit-check/report`));
    expect((await Promise.all(requests)).every((response) => response.ok)).toBe(true);
    service.kill("SIGTERM");
    expect((await messages(service)).filter((message) => message === "request")).toHaveLength(300);
  });
});

describe("an uncaught error", () => {
  const source = (file: string) => JSON.stringify(new URL(file, import.meta.url).href);
  const script = (port: number, mishap: string) => `
    const { Elysia } = await import("elysia");
    const { serve } = await import(${source("./lifecycle.ts")});
    const { createRuntime } = await import(${source("./runtime.ts")});
    const { deps, output } = await createRuntime({ K_SERVICE: "test-service", K_REVISION: "test-one" }, process.env);
    const config = { PORT: ${port}, HOST: "127.0.0.1", DRAIN_MS: 10 };
    serve({ app: new Elysia(), config, output, log: deps.log, activity: deps.activity });
    setTimeout(() => { ${mishap} }, 10);`;

  test.each([
    ["thrown", "throw new TypeError('secret')"],
    ["rejected", "void Promise.reject(new TypeError('secret'))"],
  ])("that was %s ends the process with 1 and a line without its message", async (_how, mishap) => {
    const child = spawnBun(["-e", script(await freePort(), mishap)]);
    expect(await child.exited).toBe(1);
    const [, line = ""] = (await child.stdout()).split("\n");
    expect(JSON.parse(line)).toMatchObject({ level: "error", msg: "uncaught error", error: "TypeError" });
    expect(`${await child.stdout()}${await child.stderr()}`).not.toContain("secret");
  });
});
