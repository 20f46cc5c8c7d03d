import { afterEach, describe, expect, test } from "bun:test";
import type { Socket } from "node:net";
import fc from "fast-check";
import { CallerGone } from "../http/request-errors.ts";
import type { Fetch } from "./exchange.ts";
import { askUpstream, GOOD, http } from "../testing/ask-upstream.ts";
import { tcpServer, type TcpServer } from "../testing/sockets.ts";
import { FORWARDED_HEADERS } from "../telemetry/tracing.ts";
import { UpstreamFailure } from "./upstream.ts";

let server: TcpServer | undefined;
afterEach(() => server?.close());

/** An upstream on a real socket. */
async function upstream(answer: (socket: Socket, head: string) => void): Promise<string> {
  server = await tcpServer(answer);
  return server.origin;
}

describe("an upstream that answers", () => {
  test("is believed after its answer was checked, with the keys that its schema does not name", async () => {
    const origin = await upstream((socket) =>
      socket.end(http("200 OK\r\nx-kyc-revision: upstream-two", GOOD)),
    );
    const { result, record, counted } = await askUpstream({ origin });
    const body: unknown = { key: "value", more: 1 };
    expect(result).toMatchObject({ answer: { body, revision: "upstream-two" } });
    expect(record).toMatchObject({ revision: "upstream-two", outcome: "ok", status: 200 });
    expect(record?.ms).toBeGreaterThan(0);
    expect(counted).toBe('upstream="example",revision="upstream-two",outcome="ok"');
  });

  test("need not say how long its answer is", async () => {
    const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
    const origin = await upstream((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${chunk(GOOD.slice(0, 9))}`);
      setTimeout(() => socket.end(`${chunk(GOOD.slice(9))}0\r\n\r\n`), 10);
    });
    expect((await askUpstream({ origin })).result).toMatchObject({ answer: { body: { key: "value" } } });
  });

  test.each(["Not-A-Revision", "a b", "x".repeat(64), ""])(
    "does not get the name %p into our answers and metrics",
    async (name) => {
      const origin = await upstream((socket) => socket.end(http(`200 OK\r\nx-kyc-revision: ${name}`, GOOD)));
      const { result, record, counted } = await askUpstream({ origin });
      expect(result).toMatchObject({ answer: { revision: undefined } });
      expect(record?.revision).toBe("unknown");
      expect(counted).toContain('revision="unknown"');
    },
  );
});

describe("a caller who closes the connection", () => {
  test("ends the call to the upstream", async () => {
    let closed: Promise<void> | undefined;
    const caller = new AbortController();
    const origin = await upstream((socket) => {
      closed = new Promise((resolve) => socket.on("close", () => resolve()));
      caller.abort();
    });
    const { result, record } = await askUpstream({ origin, signal: caller.signal });
    expect(result).toEqual({ error: new CallerGone() });
    expect(record?.outcome).toBe("aborted");
    await closed;
  });

  test("before the call began lets it not begin", async () => {
    const origin = await upstream(() => undefined);
    const { record } = await askUpstream({ origin, signal: AbortSignal.abort() });
    expect(record?.outcome).toBe("aborted");
    expect(server?.heads).toHaveLength(0);
  });
});

describe("a request to an upstream", () => {
  test("says these bytes and no others", async () => {
    const origin = await upstream((socket) => socket.end(http("200 OK", GOOD)));
    await askUpstream({
      origin,
      headers: { "end-user": "basic", cookie: "secret", authorization: "secret" },
    });
    const [line, ...headers] = server?.heads[0]?.split("\r\n") ?? [];
    expect(line).toBe("GET /echo HTTP/1.1");
    expect(headers.map((header) => header.toLowerCase()).sort()).toEqual([
      "accept: application/json",
      "connection: keep-alive",
      "end-user: basic",
      `host: 127.0.0.1:${server?.port}`,
      "user-agent: test-service",
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
        const { requestId } = await askUpstream({ origin: "http://upstream", fetch: fake, headers: given });
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
