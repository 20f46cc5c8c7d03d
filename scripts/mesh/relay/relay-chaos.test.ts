import { expect, test } from "bun:test";
import fc from "fast-check";
import { HttpClient } from "../http/client.ts";
import { OK } from "../testing/fake-upstream.ts";
import { request } from "../testing/test-server.ts";
import { forward, inner, retrying, revision, TestProxy } from "../testing/test-proxy.ts";
import { RawServer, type RawSocket } from "../testing/raw-socket.ts";
import { within } from "../revisions/within.ts";

// For any behaviour of revisions and clients, each request is reported once and no connection remains.

const TIMEOUT_MS = 15;

type Reaction = (socket: RawSocket) => Promise<void> | void;

const REVISIONS: Record<string, Reaction> = {
  good: (socket) => socket.send(OK),
  chunked: (socket) =>
    socket.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
  closing: (socket) => socket.send("HTTP/1.1 200 OK\r\n\r\nok").then(() => socket.fin()),
  unavailable: (socket) => socket.send("HTTP/1.1 503 X\r\ncontent-length: 0\r\n\r\n"),
  "more than the answer": (socket) => socket.send(OK + OK),
  "good, then gone": (socket) => socket.send(OK).then(() => socket.reset()),
  silent: () => {},
  "no HTTP": (socket) => socket.send("x\r\n\r\n"),
  fin: (socket) => socket.fin(),
  reset: (socket) => socket.reset(),
  "half a head": (socket) => socket.send("HTTP/1.1 200 OK\r\nx"),
  "half a body": (socket) => socket.send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok"),
  "half a body, then fin": (socket) =>
    socket.send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok").then(() => socket.fin()),
  "half a body, then reset": (socket) =>
    socket.send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok").then(() => socket.reset()),
  "a long answer": (socket) =>
    socket.send(`HTTP/1.1 200 OK\r\ncontent-length: 3000000\r\n\r\n${"x".repeat(3_000_000)}`),
};

const CLIENTS: Record<string, (client: RawSocket) => Promise<void>> = {
  get: (client) => client.send(request("GET /")),
  "two at once": (client) => client.send(request("GET /") + request("HEAD /")),
  "get, then fin": (client) => client.send(request("GET /")).then(() => client.fin()),
  "get, then reset": (client) => client.send(request("GET /")).then(() => client.reset()),
  "get, and read nothing": (client) => {
    client.pause();
    return client.send(request("GET /"));
  },
  post: (client) => client.send(`${request("POST /", "content-length: 3")}abc`),
  "post in pieces": async (client) => {
    await client.send(request("POST /", "transfer-encoding: chunked"));
    await client.trickle("1\r\na\r\n2\r\nbc\r\n0\r\n\r\n");
  },
  "half a post": (client) => client.send(`${request("POST /", "content-length: 9")}abc`),
  "half a post, then reset": (client) =>
    client.send(`${request("POST /", "content-length: 9")}abc`).then(() => client.reset()),
  "a malformed post": (client) =>
    client.send(`${request("POST /", "transfer-encoding: chunked")}1\r\na\r\nx\r\n`),
  "a long post": (client) =>
    client.send(`${request("POST /", "content-length: 300000")}${"x".repeat(300_000)}`),
  "half a head": (client) => client.send("GET / HTTP/1.1\r\nhost"),
};

const scenario = fc.record({
  revisions: fc.array(fc.constantFrom(...Object.keys(REVISIONS)), { minLength: 1, maxLength: 6 }),
  clients: fc.array(fc.constantFrom(...Object.keys(CLIENTS)), { minLength: 1, maxLength: 6 }),
  retries: fc.nat(2),
  perTryTimeoutMs: fc.constantFrom(undefined, 5),
  held: fc.constantFrom("no", "for a moment", "for ever", "and refused"),
  nested: fc.boolean(),
  leaveAfterMs: fc.nat(30),
});

test("each request is reported exactly once, and no connection stays open", async () => {
  const deadline = performance.now() + 6_000;
  await fc.assert(
    fc.asyncProperty(
      scenario,
      async ({ revisions, clients, retries, perTryTimeoutMs, held, nested, leaveAfterMs }) => {
        let next = 0;
        using server = await RawServer.listen((socket) => {
          const name = revisions[next++ % revisions.length] as string;
          void react(socket, REVISIONS[name] as Reaction);
        });
        const upstream = new HttpClient("127.0.0.1", server.port);
        const ways: Record<typeof held, () => HttpClient | Promise<HttpClient>> = {
          no: () => upstream,
          "for a moment": () => Bun.sleep(2).then(() => upstream),
          "for ever": () => new Promise(() => {}),
          "and refused": () => Promise.reject(new Error("refused")),
        };
        const again = { ...retrying(retries, ["5xx"], perTryTimeoutMs), timeoutMs: TIMEOUT_MS };
        const last = forward(revision("a"), again);
        using proxy = new TestProxy(
          {},
          {
            rule: nested ? forward(inner(), again) : last,
            inner: last,
            client: ways[held],
          },
        );
        const sockets = await Promise.all(clients.map(() => proxy.connect()));
        clients.forEach((name, i) => void CLIENTS[name]?.(sockets[i] as RawSocket));
        await Bun.sleep(leaveAfterMs);
        for (const socket of sockets) socket[Symbol.dispose]();
        expect(await within(2_000, proxy.stop())).toBe(true);
        expect(proxy.served).toHaveLength(proxy.begun);
        expect(await within(1_000, upstream.close())).toBe(true);
      },
    ),
    { numRuns: 120, endOnFailure: true, interruptAfterTimeLimit: deadline - performance.now() },
  );
});

async function react(socket: RawSocket, reaction: Reaction): Promise<void> {
  try {
    for (;;) {
      await socket.until("\r\n\r\n");
      socket.clear();
      await reaction(socket);
    }
  } catch {
    // The proxy closed the connection.
  }
}
