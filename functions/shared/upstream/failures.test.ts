import { afterEach, describe, expect, test } from "bun:test";
import type { Socket } from "node:net";
import { askUpstream, GOOD, http } from "../testing/ask-upstream.ts";
import { freePort, tcpServer, type TcpServer } from "../testing/sockets.ts";

let server: TcpServer | undefined;
afterEach(() => server?.close());

/** An upstream on a real socket. */
async function upstream(answer: (socket: Socket, head: string) => void): Promise<string> {
  server = await tcpServer(answer);
  return server.origin;
}

const big = `{"key":"${"x".repeat(65_536)}"}`;
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
      "compresses unasked",
      "not_json",
      (socket) => {
        socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${zipped.length}\r\n\r\n`);
        socket.end(zipped);
      },
    ],
    ["answers with other keys", "wrong_shape", (socket) => socket.end(http("200 OK", '{"other":"black"}'))],
    ["answers with another type", "wrong_shape", (socket) => socket.end(http("200 OK", '{"key":1}'))],
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
    [
      "never ends its answer, whose length its head declares and takes back",
      "too_large",
      (socket) => {
        socket.write("HTTP/1.1 200 OK\r\ncontent-length: 10\r\ntransfer-encoding: chunked\r\n\r\n");
        const chunk = `1000\r\n${" ".repeat(4096)}\r\n`;
        const more = setInterval(() => socket.write(chunk), 0);
        socket.on("close", () => clearInterval(more));
      },
    ],
    [
      "nests its answer 32,000 levels deep",
      "wrong_shape",
      (socket) => socket.end(http("200 OK", `${"[".repeat(32_000)}${"]".repeat(32_000)}`)),
    ],
    ["says a key twice", "wrong_shape", (socket) => socket.end(http("200 OK", '{"key":"a","key":"b"}'))],
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
    const timeoutMs = outcome === "timeout" ? 150 : 10_000;
    const { result, record, counted } = await askUpstream({ origin, timeoutMs });
    expect(result).toMatchObject({ error: { name: "UpstreamFailure", outcome } });
    expect(record?.outcome).toBe(outcome);
    expect(counted).toBe(`upstream="example",revision="unknown",outcome="${outcome}"`);
    expect(server?.heads).toHaveLength(1);
  });

  test("by an answer that is too long is not listened to any further", async () => {
    const closed = Promise.withResolvers<void>();
    const origin = await upstream((socket) => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 10\r\ntransfer-encoding: chunked\r\n\r\n");
      const chunk = `10000\r\n${" ".repeat(65_536)}\r\n`;
      socket.on("drain", () => socket.write(chunk)).on("close", () => closed.resolve());
      while (socket.write(chunk));
    });
    const { record } = await askUpstream({ origin });
    expect(record?.outcome).toBe("too_large");
    await closed.promise;
  });

  test("because nothing listens there: refused", async () => {
    const { result, record } = await askUpstream({ origin: `http://127.0.0.1:${await freePort()}` });
    expect(result).toMatchObject({ error: { outcome: "refused" } });
    expect(record).toMatchObject({ outcome: "refused", status: undefined, revision: "unknown" });
  });

  test("because there is no such host: unreachable", async () => {
    const lookup = Object.assign(new TypeError("getaddrinfo secret.internal"), { code: "ENOTFOUND" });
    const { result } = await askUpstream({
      origin: "http://upstream.invalid",
      fetch: () => Promise.reject(lookup),
    });
    expect(result).toMatchObject({ error: { outcome: "unreachable" } });
    expect(Bun.inspect(result)).not.toContain("secret");
  });

  test("is still known by its revision", async () => {
    const broken = "HTTP/1.1 200 OK\r\nx-kyc-revision: upstream-two\r\ncontent-length: 99\r\n\r\n{";
    const origin = await upstream((socket) => socket.end(broken));
    const { result, record } = await askUpstream({ origin });
    expect(result).toMatchObject({ error: { outcome: "reset", revision: "upstream-two" } });
    expect(record).toMatchObject({ revision: "upstream-two", status: 200 });
  });
});
