import { describe, expect, test } from "bun:test";
import { answering, OK, TestRequest } from "../testing/fake-upstream.ts";
import { RawServer, type RawSocket } from "../testing/raw-socket.ts";
import { until } from "../testing/test-system.ts";
import { within } from "../revisions/within.ts";
import { HttpClient } from "./client.ts";

const MEGABYTE = 1024 * 1024;

describe("a kept connection", () => {
  test("is reused by one request at a time", async () => {
    using server = await answering(OK);
    const client = new HttpClient("127.0.0.1", server.port);
    await Promise.all([1, 2, 3].map(() => new TestRequest(client).over()));
    expect(server.count).toBe(3);
    await Promise.all([1, 2, 3].map(() => new TestRequest(client).over()));
    expect(server.count).toBe(3);
    await client.close();
  });

  test("is not reused if a new one is requested", async () => {
    using server = await answering(OK);
    const client = new HttpClient("127.0.0.1", server.port);
    await new TestRequest(client).over();
    await new TestRequest(client, "GET /", { fresh: true }).over();
    expect(server.count).toBe(2);
    await client.close();
  });

  test.each([
    ["says that it closes", "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok"],
    ["speaks HTTP/1.0", "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok"],
    ["sends more than the answer", `${OK}HTTP`],
    ["sends a second answer", `${OK}${OK}`],
    ["sends a body with 204", "HTTP/1.1 204 No Content\r\n\r\nok"],
  ])("is not reused if the server %s", async (_, bytes) => {
    using server = await answering(bytes);
    const client = new HttpClient("127.0.0.1", server.port);
    for (let i = 0; i < 3; i++) expect((await new TestRequest(client).over()).failure).toBeUndefined();
    expect(server.count).toBe(3);
    await client.close();
  });

  test("on which an unrequested response arrives is closed", async () => {
    using server = await RawServer.listen();
    const client = new HttpClient("127.0.0.1", server.port);
    const first = new TestRequest(client);
    const upstream = await server.accept();
    await upstream.send(OK);
    await first.over();
    await upstream.send("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison");
    await upstream.untilEnded();
    const second = new TestRequest(client);
    await (await server.accept()).send(OK);
    expect((await second.over()).content).toBe("ok");
    await client.close();
  });

  test("that the server closed while it was idle is not reused", async () => {
    using server = await RawServer.listen();
    const client = new HttpClient("127.0.0.1", server.port);
    const first = new TestRequest(client);
    const upstream = await server.accept();
    await upstream.send(OK);
    await first.over();
    upstream.fin();
    await upstream.untilEnded();
    const second = new TestRequest(client);
    await (await server.accept()).send(OK);
    expect((await second.over()).failure).toBeUndefined();
    await client.close();
  });

  test.each<[string, (upstream: RawSocket) => Promise<void> | void, boolean]>([
    ["without any response is reported as such", () => {}, true],
    ["within a response is an ordinary failure", (upstream) => upstream.send("HTTP/1.1"), false],
  ])("that the server closes under a request %s", async (_, before, reused) => {
    using server = await RawServer.listen();
    const client = new HttpClient("127.0.0.1", server.port);
    const first = new TestRequest(client);
    const upstream = await server.accept();
    await upstream.send(OK);
    await first.over();
    const second = new TestRequest(client, "GET /2");
    await upstream.until("GET /2");
    await before(upstream);
    upstream.fin();
    expect((await second.over()).failure).toEqual({ kind: "closed", reused });
    expect(server.count).toBe(1);
    await client.close();
  });

  test("that was paused at the end of a response reads the next one", async () => {
    using server = await answering(OK);
    const client = new HttpClient("127.0.0.1", server.port);
    const first = new TestRequest(client);
    first.onData = () => first.upstream.pause();
    await first.over();
    expect((await new TestRequest(client).over()).content).toBe("ok");
    expect(server.count).toBe(1);
    await client.close();
  });

  test("is not affected by calls of its previous request", async () => {
    using server = await RawServer.listen();
    const client = new HttpClient("127.0.0.1", server.port);
    const first = new TestRequest(client);
    const upstream = await server.accept();
    await upstream.send(OK);
    await first.over();
    const second = new TestRequest(client, "GET /2");
    first.upstream.pause();
    first.upstream.write(Buffer.from("noise"));
    first.upstream.abort();
    await upstream.until("GET /2");
    await upstream.send(OK);
    expect((await second.over()).content).toBe("ok");
    expect(upstream.text).not.toContain("noise");
    await client.close();
  });
});

describe("a request", () => {
  test("that is aborted closes its connection, and its handler gets no further calls", async () => {
    using server = await RawServer.listen();
    const client = new HttpClient("127.0.0.1", server.port);
    const request = new TestRequest(client);
    const upstream = await server.accept();
    await upstream.send("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab");
    await until("the content came", () => request.content === "ab");
    request.upstream.abort();
    await upstream.untilEnded();
    expect(request.isOver).toBe(false);
    await client.close();
  });

  test("that is aborted before its connection is open sends nothing", async () => {
    using server = await RawServer.listen();
    const client = new HttpClient("127.0.0.1", server.port);
    const request = new TestRequest(client);
    request.upstream.abort();
    expect((await (await server.accept()).untilEnded()).text).toBe("");
    expect(request.calls).toEqual([]);
    await client.close();
  });

  test("that is aborted by its own handler stops there", async () => {
    using server = await answering(OK);
    const client = new HttpClient("127.0.0.1", server.port);
    const atHead = new TestRequest(client);
    atHead.onHead = () => atHead.upstream.abort();
    const atData = new TestRequest(client);
    atData.onData = () => atData.upstream.abort();
    await until("both connections came", () => server.count === 2);
    await Bun.sleep(20);
    expect(atHead.calls).toEqual([]);
    expect(atData.calls).toEqual(["head"]);
    await client.close();
  });

  test("reports congestion while the server does not read its body, and when the server reads again", async () => {
    using server = await RawServer.listen((socket) => socket.pause());
    const client = new HttpClient("127.0.0.1", server.port);
    const request = new TestRequest(client, "POST /", { open: true });
    const upstream = await server.accept();
    await until("the head went out", () => !request.upstream.congested);
    let sent = 0;
    while (!request.upstream.congested) {
      request.upstream.write(Buffer.alloc(MEGABYTE));
      sent += MEGABYTE;
    }
    const { drains } = request;
    upstream.resume();
    await until("it drained", () => request.drains > drains);
    expect(request.upstream).toHaveProperty("congested", false);
    await upstream.untilBytes(sent);
    request.upstream.abort();
    await client.close();
  });

  test("whose response is paused keeps it, even if the server closes", async () => {
    using server = await RawServer.listen();
    const client = new HttpClient("127.0.0.1", server.port);
    const request = new TestRequest(client);
    const upstream = await server.accept();
    const size = 8 * MEGABYTE;
    await upstream.send(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\nconnection: close\r\n\r\n`);
    await until("the head came", () => request.head !== undefined);
    request.upstream.pause();
    void upstream.send(Buffer.alloc(size)).then(() => upstream.fin());
    await Bun.sleep(30);
    expect(request.byteCount).toBeLessThan(size);
    request.upstream.resume();
    expect((await request.over()).failure).toBeUndefined();
    expect(request.byteCount).toBe(size);
    await client.close();
  });
});

describe("close", () => {
  test("ends idle connections at once, and others after their request", async () => {
    using server = await RawServer.listen();
    const client = new HttpClient("127.0.0.1", server.port);
    const [first, second] = [new TestRequest(client), new TestRequest(client)];
    const [idle, busy] = [await server.accept(), await server.accept()];
    await idle.until("\r\n\r\n");
    await idle.send(OK);
    await until("one is over", () => first.isOver || second.isOver);
    const closed = client.close();
    await idle.untilEnded();
    expect(await within(20, closed)).toBe(false);
    await busy.send(OK);
    await busy.untilEnded();
    await closed;
    expect(first.failure ?? second.failure).toBeUndefined();
    await client.close();
  });

  test("resolves for each caller", async () => {
    using server = await RawServer.listen();
    const client = new HttpClient("127.0.0.1", server.port);
    const request = new TestRequest(client);
    const upstream = await server.accept();
    const closed = [client.close(), client.close()];
    await upstream.send(OK);
    await request.over();
    await Promise.all(closed);
  });
});
