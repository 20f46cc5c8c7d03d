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

/** Resolves when a service takes no more connections. */
async function untilDraining({ port }: ServiceProcess): Promise<void> {
  while ((await exchangeBytes(port, "GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")) !== "");
}

const messages = async (child: Child): Promise<unknown[]> =>
  (await child.stdout())
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line).msg);

describe("a start", () => {
  test("without a valid environment ends with 78 and all the mistakes", async () => {
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

  test("of an unknown variant ends with 78 and names the known ones", async () => {
    const child = spawnService("credit-check", { CREDIT_CHECK_VARIANT: "advance" });
    expect(await child.exited).toBe(78);
    expect(await child.stderr()).toContain(
      '"advance" (did you mean advanced?); expected one of basic, advanced, v3',
    );
  });

  test("on a port in use ends with 1 and names it", async () => {
    upstream = await tcpServer(() => undefined);
    const child = spawnService("credit-check", { ...CHECK, HOST: "127.0.0.1", PORT: String(upstream.port) });
    expect(await child.exited).toBe(1);
    expect(await child.stderr()).toBe(
      `cannot listen on 127.0.0.1 port ${upstream.port}: something else listens there already\n`,
    );
  });

  test("on a free port listens there, under the names that Knative gave", async () => {
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

describe("an end", () => {
  test.each(["SIGTERM", "SIGINT"] as const)(
    "by %s lets a request finish that is in flight",
    async (signal) => {
      const { service, answer, release } = await busyAggregator();
      service.kill(signal);
      await untilDraining(service);
      release();
      expect(await answer).toBe(200);
      expect(await service.exited).toBe(0);
      expect(await messages(service)).toEqual(["listening", "draining", "request", "stopped"]);
    },
  );

  test("cuts off what is in flight after DRAIN_MS, and still ends with 0", async () => {
    const { service, answer } = await busyAggregator({ DRAIN_MS: "100" });
    service.kill("SIGTERM");
    expect(await answer).toBe("cut off");
    expect(await service.exited).toBe(0);
    expect(await messages(service)).toContain("cut off");
  });

  test.each([
    ["SIGTERM", 143],
    ["SIGINT", 130],
  ] as const)("is at once if a second %s comes", async (signal, code) => {
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
  ])("is not held up by connections that %s", async (_what, bytes) => {
    const service = await started("credit-check", { ...CHECK, DRAIN_MS: "600000" });
    const client = connect(service.port, "127.0.0.1");
    if (bytes !== "") client.write(bytes);
    const closed = new Promise((resolve) => client.on("close", resolve));
    client.on("error", () => undefined).resume();
    await fetch(`${service.origin}/credit-check/report`).then((response) => response.text());
    service.kill("SIGTERM");
    expect(await service.exited).toBe(0);
    expect(await messages(service)).not.toContain("cut off");
    // Linux gives Bun a connection with its first byte; of one without a byte, there is no one to close it.
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
  ])("and was %s ends the process with 1 and a line without its message", async (_how, mishap) => {
    const child = spawnBun(["-e", script(await freePort(), mishap)]);
    expect(await child.exited).toBe(1);
    const [, line = ""] = (await child.stdout()).split("\n");
    expect(JSON.parse(line)).toMatchObject({ level: "error", msg: "uncaught error", error: "TypeError" });
    expect(`${await child.stdout()}${await child.stderr()}`).not.toContain("secret");
  });
});
