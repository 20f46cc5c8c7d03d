import { describe, expect, test } from "bun:test";
import { NO_CHANGE } from "../../route-fields/headers/header-list.ts";
import { EVERY_REQUEST } from "../../route-fields/match/match.ts";
import { answering, OK } from "../testing/fake-upstream.ts";
import { request, statuses } from "../testing/test-server.ts";
import { forward, inner, retrying, revision, TestProxy } from "../testing/test-proxy.ts";
import { RawServer } from "../testing/raw-socket.ts";

const ASKED = request(
  "GET /chat?room=1",
  "Connection: keep-alive, Upgrade",
  "Upgrade: websocket",
  "sec-websocket-key: abc",
);
const SWITCHED =
  "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: def\r\n\r\n";

describe("a WebSocket", () => {
  test.each(["ingress", "mesh"] as const)("passes both ways, byte for byte, at %s", async (listener) => {
    using server = await RawServer.listen();
    using proxy = new TestProxy({ a: server.port }, { rule: forward(revision("a")), listener });
    using client = await proxy.connect();
    await client.send(ASKED);
    using upstream = await server.accept();
    const head = await upstream.until("\r\n\r\n");
    expect(head).toStartWith("GET /chat?room=1 HTTP/1.1\r\nhost: a.test\r\n");
    expect(head).toContain("\r\nconnection: upgrade\r\n");
    expect(head).toContain("\r\nupgrade: websocket\r\n");
    expect(head).toContain("\r\nsec-websocket-key: abc\r\n");
    upstream.clear();
    // A first frame may arrive in one packet with the response.
    await upstream.send(`${SWITCHED}\x81\x02hi`);
    expect(await client.until("hi")).toBe(
      "HTTP/1.1 101 Switching Protocols\r\nsec-websocket-accept: def\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n\x81\x02hi",
    );
    client.clear();
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    await client.send(bytes);
    await upstream.untilBytes(256);
    expect(upstream.bytes).toEqual(bytes);
    await upstream.send(bytes);
    await client.untilBytes(256);
    expect(client.bytes).toEqual(bytes);
    client.fin();
    expect((await upstream.untilEnded()).ending).toBe("fin");
    expect(await proxy.untilServed()).toMatchObject([{ status: 101, complete: true, revision: "a" }]);
  });

  test("ends for the client when the revision ends it, after all data", async () => {
    using server = await RawServer.listen();
    using proxy = new TestProxy({ a: server.port }, { rule: forward(revision("a")) });
    using client = await proxy.connect();
    await client.send(ASKED);
    using upstream = await server.accept();
    await upstream.until("\r\n\r\n");
    await upstream.send(`${SWITCHED}bye`);
    upstream.fin();
    const { ending, text } = await client.untilEnded();
    expect(text).toEndWith("\r\n\r\nbye");
    expect(ending).toBe("fin");
  });

  test("delivers data that arrives with the end", async () => {
    using server = await RawServer.listen();
    using proxy = new TestProxy({ a: server.port }, { rule: forward(revision("a")) });
    using client = await proxy.connect();
    await client.send(ASKED);
    using upstream = await server.accept();
    await upstream.until("\r\n\r\n");
    await upstream.send(SWITCHED);
    await client.until("\r\n\r\n");
    upstream.clear();
    const bytes = 3_000_000;
    void client.send(Buffer.alloc(bytes, "x"));
    client.fin();
    const { ending } = await upstream.untilEnded();
    expect(upstream.byteCount).toBe(bytes);
    expect(ending).toBe("fin");
  });

  test("waits for a slow side and loses no data", async () => {
    using server = await RawServer.listen();
    using proxy = new TestProxy({ a: server.port }, { rule: forward(revision("a")) });
    using client = await proxy.connect();
    await client.send(ASKED);
    using upstream = await server.accept();
    await upstream.until("\r\n\r\n");
    await upstream.send(SWITCHED);
    await client.until("\r\n\r\n");
    client.clear();
    upstream.clear();
    const bytes = 20_000_000;
    client.pause();
    upstream.pause();
    void client.send(Buffer.alloc(bytes, "c"));
    void upstream.send(Buffer.alloc(bytes, "u"));
    await Bun.sleep(30);
    client.resume();
    upstream.resume();
    await Promise.all([client.untilBytes(bytes), upstream.untilBytes(bytes)]);
    expect(client.byteCount + upstream.byteCount).toBe(2 * bytes);
  });

  test("that the revision refuses gets an ordinary response", async () => {
    using server = await answering(OK);
    using proxy = new TestProxy({ a: server.port }, { rule: forward(revision("a")) });
    using client = await proxy.connect();
    await client.send(ASKED);
    await client.until("ok");
    await client.send(request("GET /next"));
    await client.until("okHTTP/1.1 200");
    expect(await proxy.untilServed(2)).toMatchObject([{ status: 200 }, { status: 200 }]);
  });

  test("follows the rules, which can match it, and is retried before it is open", async () => {
    using bad = await answering("HTTP/1.1 503 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    using server = await answering(SWITCHED);
    const response = { ...NO_CHANGE, set: [["x-rule", "yes"]] as const };
    const rule = forward(inner(), { ...retrying(1, ["503"]), response });
    const upgrade = [["upgrade", { kind: "exact", value: "websocket" }]] as const;
    // Random draws: destination, wait before the retry, destination.
    const draws = [0, 0, 0.9];
    using proxy = new TestProxy(
      { a: bad.port, b: server.port },
      {
        rule: { ...rule, matches: [{ ...EVERY_REQUEST, headers: upgrade }] },
        inner: forward([revision("a"), revision("b")]),
        random: () => draws.shift() ?? 0,
      },
    );
    using client = await proxy.connect();
    await client.send(ASKED);
    expect(await client.until("\r\n\r\n")).toContain("\r\nx-rule: yes\r\n");
    expect(statuses(client.text)).toEqual(["101"]);
  });

  test("may last longer than the time limits of requests", async () => {
    using server = await RawServer.listen();
    using proxy = new TestProxy(
      { a: server.port },
      {
        rule: forward(revision("a"), { timeoutMs: 500, ...retrying(1, ["5xx"], 400) }),
        revisionTimeoutMs: 500,
      },
    );
    using client = await proxy.connect();
    await client.send(ASKED);
    using upstream = await server.accept();
    await upstream.until("\r\n\r\n");
    await upstream.send(SWITCHED);
    await Bun.sleep(600);
    await upstream.send("still there");
    await client.until("still there");
  });

  test("ends when the mesh stops", async () => {
    using server = await RawServer.listen();
    using proxy = new TestProxy({ a: server.port }, { rule: forward(revision("a")) });
    using client = await proxy.connect();
    await client.send(ASKED);
    using upstream = await server.accept();
    await upstream.until("\r\n\r\n");
    await upstream.send(SWITCHED);
    await client.until("\r\n\r\n");
    const stopped = proxy.stop();
    expect((await client.untilEnded()).ending).toBe("fin");
    expect((await upstream.untilEnded()).ending).toBe("fin");
    client.fin();
    await stopped;
  });
});

describe("another protocol", () => {
  test.each([
    ["h2c", request("GET /", "connection: upgrade, http2-settings", "upgrade: h2c", "http2-settings: AAA")],
    ["one without Upgrade in Connection", request("GET /", "upgrade: websocket")],
    [
      "a WebSocket with a body",
      `${request("POST /", "connection: upgrade", "upgrade: websocket", "content-length: 1")}x`,
    ],
  ])("%s is not forwarded, but the request is", async (_, bytes) => {
    using server = await RawServer.listen();
    using proxy = new TestProxy({ a: server.port }, { rule: forward(revision("a")) });
    using client = await proxy.connect();
    await client.send(bytes);
    using upstream = await server.accept();
    const head = await upstream.until("\r\n\r\n");
    expect(head).not.toContain("upgrade");
    expect(head).not.toContain("http2-settings");
    await upstream.send(OK);
    await client.until("ok");
  });

  test.each(["smtp", "websocket, smtp", "h2c, smtp"])("such as %s is forbidden", async (protocol) => {
    using server = await answering(OK);
    using proxy = new TestProxy({ a: server.port }, { rule: forward(revision("a")) });
    const bytes = request("GET /", "connection: upgrade, close", `upgrade: ${protocol}`);
    expect(statuses(await proxy.ask(bytes))).toEqual(["403"]);
    expect(server.count).toBe(0);
  });

  test("is an error if the request did not ask for one", async () => {
    using server = await answering(SWITCHED);
    using proxy = new TestProxy({ a: server.port }, { rule: forward(revision("a")) });
    expect(statuses(await proxy.ask(request("GET /", "connection: close")))).toEqual(["502"]);
  });
});

describe("server-sent events", () => {
  test("arrive one by one as they are sent, for longer than the timeout of a first byte", async () => {
    using server = await RawServer.listen();
    using proxy = new TestProxy({ a: server.port }, { rule: forward(revision("a")), revisionTimeoutMs: 40 });
    using client = await proxy.connect();
    await client.send(request("GET /events", "accept: text/event-stream"));
    using upstream = await server.accept();
    await upstream.until("\r\n\r\n");
    await upstream.send(
      "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
    );
    await client.until("text/event-stream\r\n");
    for (const event of ["one", "two", "three"]) {
      const text = `data: ${event}\n\n`;
      await upstream.send(`${text.length.toString(16)}\r\n${text}\r\n`);
      await client.until(text);
      await Bun.sleep(25);
    }
    client.reset();
    await upstream.untilEnded();
    expect(await proxy.untilServed()).toMatchObject([{ status: 200, brokenBy: "client" }]);
  });

  test("end at the timeout of a rule, which limits the whole response", async () => {
    using server = await RawServer.listen();
    using proxy = new TestProxy({ a: server.port }, { rule: forward(revision("a"), { timeoutMs: 40 }) });
    using client = await proxy.connect();
    await client.send(request("GET /events"));
    using upstream = await server.accept();
    await upstream.until("\r\n\r\n");
    await upstream.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n");
    await client.until("abc");
    await client.untilEnded();
    expect(await proxy.untilServed()).toMatchObject([{ status: 200, complete: false }]);
  });
});
