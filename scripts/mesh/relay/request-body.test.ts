import { describe, expect, test } from "bun:test";
import type { HttpClient } from "../http/client.ts";
import { answeringInTurn, OK } from "../testing/fake-upstream.ts";
import { request, statuses } from "../testing/test-server.ts";
import { forward, retrying, revision, TestProxy } from "../testing/test-proxy.ts";
import { RawServer } from "../testing/raw-socket.ts";

const UNAVAILABLE = "HTTP/1.1 503 X\r\ncontent-length: 0\r\n\r\n";

describe("a body", () => {
  const post = (content: string): string =>
    request("POST /", `content-length: ${content.length}`, "connection: close") + content;

  test("up to 64 KiB is sent again, whatever the method", async () => {
    using server = await answeringInTurn(UNAVAILABLE, OK);
    using proxy = new TestProxy({ a: server.port }, { rule: forward(revision("a"), retrying(1, ["503"])) });
    const content = "abcdefgh".repeat(8 * 1024);
    expect(statuses(await proxy.ask(post(content)))).toEqual(["200"]);
    await server.accept();
    expect(await (await server.accept()).until(content)).toEndWith(`\r\n\r\n${content}`);
  });

  test("beyond 64 KiB is not sent again", async () => {
    using server = await RawServer.listen();
    using proxy = new TestProxy({ a: server.port }, { rule: forward(revision("a"), retrying(1, ["503"])) });
    const content = "abcdefgh".repeat(8 * 1024);
    const answer = proxy.ask(post(`${content}z`));
    const upstream = await server.accept();
    await upstream.until(`${content}z`);
    await upstream.send(UNAVAILABLE);
    expect(statuses(await answer)).toEqual(["503"]);
    expect(server.count).toBe(1);
  });

  test("in chunks is sent again from its beginning while the rest still arrives", async () => {
    using server = await RawServer.listen();
    using proxy = new TestProxy({ a: server.port }, { rule: forward(revision("a"), retrying(1, ["503"])) });
    using client = await proxy.connect();
    await client.send(`${request("POST /", "transfer-encoding: chunked")}3\r\none\r\n`);
    const first = await server.accept();
    await first.until("one");
    await first.send(UNAVAILABLE);
    const second = await server.accept();
    await second.until("3\r\none\r\n");
    await client.send("3\r\ntwo\r\n0\r\n\r\n");
    expect(await second.until("0\r\n\r\n")).toEndWith("\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n");
    await second.send(OK);
    await client.until("\r\n\r\nok");
  });

  test("that began before the connection failed goes on with the next try", async () => {
    const gone = await RawServer.listen();
    const { port } = gone;
    gone[Symbol.dispose]();
    using server = await RawServer.listen();
    let asked = 0;
    using proxy: TestProxy = new TestProxy(
      { a: server.port, gone: port },
      {
        rule: forward(revision("a"), retrying(1, ["connect-failure"])),
        client: () => proxy.client(asked++ === 0 ? "gone" : "a"),
      },
    );
    using client = await proxy.connect();
    await client.send(`${request("POST /", "content-length: 6")}abc`);
    const upstream = await server.accept();
    await upstream.until("abc");
    await client.send("def");
    await upstream.until("abcdef");
    await upstream.send(OK);
    await client.until("\r\n\r\nok");
    // The end of the body was found, so the next bytes are parsed as a request.
    await client.send(request("GET /next"));
    await upstream.until("GET /next");
  });

  test("that arrives while the next try is held is kept in full", async () => {
    using server = await RawServer.listen();
    const held = Promise.withResolvers<HttpClient>();
    let asked = 0;
    using proxy: TestProxy = new TestProxy(
      { a: server.port },
      {
        rule: forward(revision("a"), retrying(1, ["503"])),
        client: () => (asked++ === 0 ? proxy.client("a") : held.promise),
      },
    );
    using client = await proxy.connect();
    const content = "abcdefgh".repeat(128 * 1024);
    await client.send(`${request("POST /", `content-length: ${content.length}`)}${content.slice(0, 8)}`);
    const first = await server.accept();
    await first.until("\r\n\r\nabcdefgh");
    await first.send(UNAVAILABLE);
    await first.untilEnded();
    const rest = client.send(content.slice(8));
    await Bun.sleep(20);
    held.resolve(proxy.client("a"));
    const second = await server.accept();
    await second.untilBytes(content.length);
    await rest;
    expect(await second.until(content)).toEndWith(`\r\n\r\n${content}`);
    await second.send(OK);
    await client.until("\r\n\r\nok");
  });
});
