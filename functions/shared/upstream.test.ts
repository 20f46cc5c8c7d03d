import { afterEach, describe, expect, test } from "bun:test";
import type { Socket } from "node:net";
import fc from "fast-check";
import { t } from "elysia";
import { beginCall } from "./call.ts";
import { CallerGone } from "./errors.ts";
import type { Fetch } from "./exchange.ts";
import { fakeService } from "./testing/fakes.ts";
import { freePort, tcpServer, type TcpServer } from "./testing/sockets.ts";
import { FORWARDED_HEADERS } from "./tracing.ts";
import { createUpstream, UpstreamFailure } from "./upstream.ts";

const Answer = t.Object({ tea: t.String() }, { additionalProperties: true });
const GOOD = '{"tea":"green","more":1}';

interface Setting {
  readonly origin: string;
  readonly fetch?: Fetch;
  readonly timeoutMs?: number;
  readonly headers?: Record<string, string> | [string, string][];
  readonly signal?: AbortSignal;
}

/** Asks an upstream once, and gives back all there is to see of it. */
async function ask({ origin, fetch: ask = fetch, timeoutMs = 2000, headers = {}, signal }: Setting) {
  const { deps } = fakeService();
  const upstream = createUpstream({
    name: "kettle",
    self: "teapot",
    origin,
    answer: Answer,
    timeoutMs,
    fetch: ask,
    clock: () => performance.now(),
    metrics: deps.metrics,
  });
  const request = new Request("http://localhost/tea?secret", { headers, ...(signal && { signal }) });
  const call = beginCall(request.headers, deps);
  const result = await upstream.get("/brew", request, call).then(
    (answer) => ({ answer }),
    (error: unknown) => ({ error }),
  );
  const counted = /^http_client_request_duration_seconds_count\{(.*)\} 1$/m.exec(
    await deps.metrics.text(),
  )?.[1];
  return { result, record: call.upstream, counted, requestId: call.requestId };
}

const http = (head: string, body = "") => `HTTP/1.1 ${head}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

let server: TcpServer | undefined;
afterEach(() => server?.close());

/** An upstream on a real socket. */
async function upstream(answer: (socket: Socket, head: string) => void): Promise<string> {
  server = await tcpServer(answer);
  return server.origin;
}

describe("an upstream that answers", () => {
  test("is believed after its answer was checked, keys that nobody knows and all", async () => {
    const origin = await upstream((socket) => socket.end(http("200 OK\r\nx-kyc-revision: kettle-two", GOOD)));
    const { result, record, counted } = await ask({ origin });
    const body: unknown = { tea: "green", more: 1 };
    expect(result).toMatchObject({ answer: { body, revision: "kettle-two" } });
    expect(record).toMatchObject({ revision: "kettle-two", outcome: "ok", status: 200 });
    expect(record?.ms).toBeGreaterThan(0);
    expect(counted).toBe('upstream="kettle",revision="kettle-two",outcome="ok"');
  });

  test("need not say how long its answer is", async () => {
    const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
    const origin = await upstream((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${chunk(GOOD.slice(0, 9))}`);
      setTimeout(() => socket.end(`${chunk(GOOD.slice(9))}0\r\n\r\n`), 10);
    });
    expect((await ask({ origin })).result).toMatchObject({ answer: { body: { tea: "green" } } });
  });

  test.each(["Not-A-Revision", "a b", "x".repeat(64), ""])(
    "does not get the name %p into our answers and metrics",
    async (name) => {
      const origin = await upstream((socket) => socket.end(http(`200 OK\r\nx-kyc-revision: ${name}`, GOOD)));
      const { result, record, counted } = await ask({ origin });
      expect(result).toMatchObject({ answer: { revision: undefined } });
      expect(record?.revision).toBe("unknown");
      expect(counted).toContain('revision="unknown"');
    },
  );
});

const big = `{"tea":"${"x".repeat(65_536)}"}`;
const zipped = Buffer.from(Bun.gzipSync(Buffer.from(GOOD)));

describe("an upstream that fails", () => {
  const answers: [string, string, (socket: Socket) => void][] = [
    ["closes the connection", "reset", (socket) => socket.destroy()],
    ["resets the connection", "reset", (socket) => socket.resetAndDestroy()],
    ["breaks off in its head", "reset", (socket) => socket.end("HTTP/1.1 200 OK\r\n")],
    [
      "breaks off in its body",
      "reset",
      (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"),
    ],
    [
      "breaks off in a chunk",
      "reset",
      (socket) => socket.end("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\n{"),
    ],
    ["never answers", "timeout", () => undefined],
    [
      "never ends its answer",
      "timeout",
      (socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"),
    ],
    ["does not speak HTTP", "unreachable", (socket) => socket.end("220 mail.example ESMTP\r\n\r\n")],
    ["answers with text", "not_json", (socket) => socket.end(http("200 OK", "<h1>Hello</h1>"))],
    ["answers with half of its JSON", "not_json", (socket) => socket.end(http("200 OK", GOOD.slice(0, -1)))],
    ["answers with nothing", "not_json", (socket) => socket.end("HTTP/1.1 204 No Content\r\n\r\n")],
    [
      "compresses what nobody asked it to",
      "not_json",
      (socket) => {
        socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${zipped.length}\r\n\r\n`);
        socket.end(zipped);
      },
    ],
    ["answers with other keys", "wrong_shape", (socket) => socket.end(http("200 OK", '{"coffee":"black"}'))],
    ["answers with another type", "wrong_shape", (socket) => socket.end(http("200 OK", '{"tea":1}'))],
    ["answers with null", "wrong_shape", (socket) => socket.end(http("200 OK", "null"))],
    [
      "sends us elsewhere",
      "wrong_shape",
      (socket) => socket.end(http("302 Found\r\nlocation: http://127.0.0.1:1/", GOOD)),
    ],
    ["answers at length", "too_large", (socket) => socket.end(http("200 OK", big))],
    [
      "answers at length without saying so",
      "too_large",
      (socket) => {
        socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        socket.end(`${big.length.toString(16)}\r\n${big}\r\n0\r\n\r\n`);
      },
    ],
    ["knows no such path", "client_error", (socket) => socket.end(http("404 Not Found", GOOD))],
    ["wants less of us", "client_error", (socket) => socket.end(http("429 Too Many Requests", "slow down"))],
    [
      "has a failure of its own",
      "server_error",
      (socket) => socket.end(http("500 Internal Server Error", GOOD)),
    ],
    [
      "is behind a proxy that cannot reach it",
      "server_error",
      (socket) => socket.end(http("503 Service Unavailable")),
    ],
    ["fails at length", "server_error", (socket) => socket.end(http("502 Bad Gateway", big))],
  ];

  test.each(answers)("because it %s: %s", async (_what, outcome, answer) => {
    const origin = await upstream((socket) => void answer(socket));
    const { result, record, counted } = await ask({ origin, timeoutMs: 150 });
    expect(result).toMatchObject({ error: { name: "UpstreamFailure", outcome } });
    expect(record?.outcome).toBe(outcome);
    expect(counted).toBe(`upstream="kettle",revision="unknown",outcome="${outcome}"`);
    expect(server?.heads).toHaveLength(1);
  });

  test("because nobody listens there: refused", async () => {
    const { result, record } = await ask({ origin: `http://127.0.0.1:${await freePort()}` });
    expect(result).toMatchObject({ error: { outcome: "refused" } });
    expect(record).toMatchObject({ outcome: "refused", status: undefined, revision: "unknown" });
  });

  test("because there is no such host: unreachable", async () => {
    const lookup = Object.assign(new TypeError("getaddrinfo secret.internal"), { code: "ENOTFOUND" });
    const { result } = await ask({ origin: "http://kettle.invalid", fetch: () => Promise.reject(lookup) });
    expect(result).toMatchObject({ error: { outcome: "unreachable" } });
    expect(Bun.inspect(result)).not.toContain("secret");
  });

  test("is still known by its revision", async () => {
    const broken = "HTTP/1.1 200 OK\r\nx-kyc-revision: kettle-two\r\ncontent-length: 99\r\n\r\n{";
    const origin = await upstream((socket) => socket.end(broken));
    const { result, record } = await ask({ origin });
    expect(result).toMatchObject({ error: { outcome: "reset", revision: "kettle-two" } });
    expect(record).toMatchObject({ revision: "kettle-two", status: 200 });
  });
});

describe("a caller who goes away", () => {
  test("ends the call to the upstream", async () => {
    let closed: Promise<void> | undefined;
    const caller = new AbortController();
    const origin = await upstream((socket) => {
      closed = new Promise((resolve) => socket.on("close", () => resolve()));
      caller.abort();
    });
    const { result, record } = await ask({ origin, signal: caller.signal });
    expect(result).toEqual({ error: new CallerGone() });
    expect(record?.outcome).toBe("aborted");
    await closed;
  });

  test("before the call began lets it not begin", async () => {
    const origin = await upstream(() => undefined);
    const { record } = await ask({ origin, signal: AbortSignal.abort() });
    expect(record?.outcome).toBe("aborted");
    expect(server?.heads).toHaveLength(0);
  });
});

describe("a request to an upstream", () => {
  test("says these bytes and no others", async () => {
    const origin = await upstream((socket) => socket.end(http("200 OK", GOOD)));
    await ask({ origin, headers: { "end-user": "basic", cookie: "secret", authorization: "secret" } });
    const [line, ...headers] = server?.heads[0]?.split("\r\n") ?? [];
    expect(line).toBe("GET /brew HTTP/1.1");
    expect(headers.map((header) => header.toLowerCase()).sort()).toEqual([
      "accept: application/json",
      "connection: keep-alive",
      "end-user: basic",
      `host: 127.0.0.1:${server?.port}`,
      "user-agent: teapot",
      "x-request-id: id-1",
    ]);
  });

  test("carries no header of the caller's but those on the list, whatever there is", async () => {
    const names = fc.oneof(
      fc.constantFrom(...FORWARDED_HEADERS),
      fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/),
    );
    const headers = fc.array(fc.tuple(names, fc.stringMatching(/^[!-~]{1,20}$/)), { maxLength: 15 });
    const own = ["accept", "user-agent"];
    await fc.assert(
      fc.asyncProperty(headers, async (given) => {
        let sent: Headers | undefined;
        const fake: Fetch = async (_url, init) => {
          sent = new Headers(init?.headers);
          return new Response(GOOD);
        };
        const { requestId } = await ask({ origin: "http://kettle", fetch: fake, headers: given });
        const inbound = new Headers(given);
        for (const [name, value] of sent ?? []) {
          if (own.includes(name)) continue;
          expect(FORWARDED_HEADERS.some((known) => known === name)).toBe(true);
          expect(value).toBe(name === "x-request-id" ? requestId : (inbound.get(name) ?? "none"));
        }
        for (const name of FORWARDED_HEADERS) if (inbound.has(name)) expect(sent?.has(name)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

test("a failure says its outcome and nothing else", () => {
  expect(new UpstreamFailure("reset", undefined).message).toBe("reset");
});
