import { describe, expect, test } from "bun:test";
import { answering, OK, TestRequest } from "../testing/fake-upstream.ts";
import { RawServer, type RawSocket } from "../testing/raw-socket.ts";
import { until } from "../testing/test-system.ts";
import { HttpClient, type UpstreamFailure } from "./client.ts";

describe("an answer", () => {
  test.each([
    ["of a known length", "GET /", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", "hello"],
    ["of no bytes", "GET /", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", ""],
    [
      "in chunks",
      "GET /",
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\nx: y\r\n\r\n",
      "hello",
    ],
    ["to HEAD", "HEAD /", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", ""],
    ["with 204", "GET /", "HTTP/1.1 204 No Content\r\n\r\n", ""],
    ["with 304", "GET /", "HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n", ""],
    [
      "after interim ones",
      "GET /",
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nlink: x\r\n\r\n${OK}`,
      "ok",
    ],
  ])("%s is read, and its connection serves the next request", async (_, line, bytes, content) => {
    using server = await answering(bytes);
    const client = new HttpClient("127.0.0.1", server.port);
    for (let i = 0; i < 3; i++) {
      const request = await new TestRequest(client, line).over();
      expect(request.failure).toBeUndefined();
      expect(request.content).toBe(content);
    }
    expect(server.count).toBe(1);
    await client.close();
  });

  test("is read for any split of the stream", async () => {
    using server = await RawServer.listen();
    const client = new HttpClient("127.0.0.1", server.port);
    const request = new TestRequest(client);
    const upstream = await server.accept();
    await upstream.until("\r\n\r\n");
    await upstream.trickle(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;x\r\na\r\n2\r\nbc\r\n0\r\n\r\n",
    );
    expect(await request.over()).toMatchObject({ content: "abc", failure: undefined });
    await client.close();
  });

  test("is delivered as it arrives", async () => {
    using server = await RawServer.listen();
    const client = new HttpClient("127.0.0.1", server.port);
    const request = new TestRequest(client);
    const upstream = await server.accept();
    await upstream.send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n");
    await until("the head came", () => request.calls.includes("flush"));
    expect(request.calls).toEqual(["head", "flush"]);
    await upstream.send("ab");
    await until("the first half came", () => request.content === "ab");
    await upstream.send("cd");
    await request.over();
    expect(request.calls).toEqual(["head", "flush", "data", "flush", "data", "end"]);
    await client.close();
  });

  test("that lasts until the connection closes is complete if it closes with a FIN", async () => {
    using server = await RawServer.listen();
    const client = new HttpClient("127.0.0.1", server.port);
    const request = new TestRequest(client);
    const upstream = await server.accept();
    await upstream.send("HTTP/1.1 200 OK\r\n\r\nabc");
    await until("the content came", () => request.content === "abc");
    expect(request.isOver).toBe(false);
    upstream.fin();
    expect((await request.over()).failure).toBeUndefined();
    await client.close();
  });

  test("may be complete before the request is; its connection is not reused", async () => {
    using server = await RawServer.listen();
    const client = new HttpClient("127.0.0.1", server.port);
    const request = new TestRequest(client, "POST /", { open: true });
    const upstream = await server.accept();
    await upstream.send(OK);
    expect((await request.over()).content).toBe("ok");
    request.upstream.write(Buffer.from("late"));
    request.upstream.finish();
    await upstream.untilEnded();
    expect(upstream.text).not.toContain("late");
    await client.close();
  });
});

describe("a failure", () => {
  const failures: [string, (upstream: RawSocket) => Promise<void> | void, UpstreamFailure][] = [
    ["a FIN before the answer", (upstream) => upstream.fin(), { kind: "closed", reused: false }],
    ["a reset before the answer", (upstream) => upstream.reset(), { kind: "closed", reused: false }],
    [
      "a FIN within the head",
      (upstream) => void upstream.send("HTTP/1.1 200").then(() => upstream.fin()),
      { kind: "closed", reused: false },
    ],
    [
      "a FIN after an interim answer",
      (upstream) => void upstream.send("HTTP/1.1 100 Continue\r\n\r\n").then(() => upstream.fin()),
      { kind: "closed", reused: false },
    ],
    [
      "no HTTP",
      (upstream) => upstream.send("hello\r\n\r\n"),
      { kind: "malformed", message: expect.any(String) },
    ],
    [
      "no HTTP, without an end",
      (upstream) => upstream.send("SSH-2.0-x\n"),
      { kind: "malformed", message: expect.any(String) },
    ],
    [
      "a head without an end",
      (upstream) => upstream.send(`HTTP/1.1 200 OK\r\nx: ${"a".repeat(61 * 1024)}`),
      { kind: "malformed", message: expect.any(String) },
    ],
    [
      "two framings",
      (upstream) =>
        upstream.send("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n"),
      { kind: "malformed", message: expect.any(String) },
    ],
    [
      "another protocol",
      (upstream) => upstream.send("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n"),
      { kind: "malformed", message: expect.any(String) },
    ],
  ];

  test.each(failures)("by %s replaces the response", async (_, fail, failure) => {
    using server = await RawServer.listen();
    const client = new HttpClient("127.0.0.1", server.port);
    const request = new TestRequest(client);
    const upstream = await server.accept();
    await upstream.until("\r\n\r\n");
    await fail(upstream);
    expect((await request.over()).failure).toEqual(failure);
    await upstream.untilEnded();
    expect(request.calls.filter((call) => call !== "flush")).toEqual(["failure"]);
    await client.close();
  });

  test.each<[string, string, (upstream: RawSocket) => void, UpstreamFailure["kind"]]>([
    ["a FIN within a known length", "content-length: 5\r\n\r\nab", (upstream) => upstream.fin(), "broken"],
    [
      "a reset within a known length",
      "content-length: 5\r\n\r\nab",
      (upstream) => upstream.reset(),
      "broken",
    ],
    [
      "a FIN within chunks",
      "transfer-encoding: chunked\r\n\r\n2\r\nab\r\n",
      (upstream) => upstream.fin(),
      "broken",
    ],
    [
      "a FIN before the chunks' last line",
      "transfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n",
      (upstream) => upstream.fin(),
      "broken",
    ],
    ["a reset in place of a FIN", "\r\nab", (upstream) => upstream.reset(), "broken"],
    [
      "a malformed chunk",
      "transfer-encoding: chunked\r\n\r\n2\r\nab\r\n",
      (upstream) => void upstream.send("x\r\n"),
      "malformed",
    ],
  ])("by %s interrupts a response", async (_, bytes, fail, kind) => {
    using server = await RawServer.listen();
    const client = new HttpClient("127.0.0.1", server.port);
    const request = new TestRequest(client);
    const upstream = await server.accept();
    await upstream.send(`HTTP/1.1 200 OK\r\n${bytes}`);
    await until("the content came", () => request.content === "ab");
    fail(upstream);
    expect((await request.over()).failure?.kind).toBe(kind);
    expect(request.calls.filter((call) => call === "end" || call === "failure")).toEqual(["failure"]);
    await client.close();
  });

  test("is reported once when the connection is refused, and the client can be closed", async () => {
    const server = await RawServer.listen();
    const { port } = server;
    server[Symbol.dispose]();
    const client = new HttpClient("127.0.0.1", port);
    const requests = [new TestRequest(client), new TestRequest(client)];
    for (const request of requests) {
      expect((await request.over()).calls).toEqual(["failure"]);
      expect(request.failure).toEqual({ kind: "refused" });
    }
    await client.close();
  });
});
