import { describe, expect, test } from "bun:test";
import { HttpClient } from "../http/client.ts";
import { OK } from "../testing/fake-upstream.ts";
import { request, statuses } from "../testing/test-server.ts";
import { forward, revision, TestProxy } from "../testing/test-proxy.ts";
import { RawServer } from "../testing/raw-socket.ts";
import { until } from "../testing/test-system.ts";

const GET = request("GET /", "connection: close");

describe("a request that is held until its revision is ready", () => {
  test.each([
    ["without a body", GET, "\r\n\r\n"],
    ["with a body", `${request("POST /", "content-length: 3", "connection: close")}abc`, "\r\n\r\nabc"],
  ])("%s is sent then", async (_, bytes, end) => {
    using server = await RawServer.listen();
    const held = Promise.withResolvers<HttpClient>();
    using proxy = new TestProxy({}, { rule: forward(revision("a")), client: () => held.promise });
    const answer = proxy.ask(bytes);
    await Bun.sleep(10);
    held.resolve(new HttpClient("127.0.0.1", server.port));
    const upstream = await server.accept();
    expect(await upstream.until(end)).toEndWith(end);
    await upstream.send(OK);
    expect(statuses(await answer)).toEqual(["200"]);
  });

  test("may have a body that is longer than the buffer", async () => {
    using server = await RawServer.listen();
    const held = Promise.withResolvers<HttpClient>();
    using proxy = new TestProxy({}, { rule: forward(revision("a")), client: () => held.promise });
    using client = await proxy.connect();
    const content = Buffer.alloc(8 * 1024 * 1024, "abcdefghijk");
    await client.send(request("POST /", `content-length: ${content.length}`));
    let isSent = false;
    void client.send(content).then(() => (isSent = true));
    await Bun.sleep(50);
    expect(isSent).toBe(false);
    held.resolve(new HttpClient("127.0.0.1", server.port));
    const upstream = await server.accept();
    await upstream.untilBytes(content.length);
    await until("the body came", () =>
      upstream.text.endsWith(content.toString("latin1", content.length - 100)),
    );
    expect(upstream.bytes.subarray(-content.length).equals(content)).toBe(true);
    await upstream.send(OK);
    await client.until("\r\n\r\nok");
  });

  test("and then refused gets 503 with the reason", async () => {
    using proxy = new TestProxy(
      {},
      { rule: forward(revision("a")), client: () => Promise.reject(new Error("a is not running")) },
    );
    const text = await proxy.ask(GET);
    expect(statuses(text)).toEqual(["503"]);
    expect(text).toEndWith("\r\n\r\na is not running\n");
    expect(proxy.served).toMatchObject([{ status: 503, complete: true, revision: "a" }]);
  });

  test("for too long gets 504, with and without a body, and is not sent later", async () => {
    for (const bytes of [GET, `${request("POST /", "content-length: 3", "connection: close")}abc`]) {
      using server = await RawServer.listen();
      const held = Promise.withResolvers<HttpClient>();
      using proxy = new TestProxy(
        {},
        { rule: forward(revision("a"), { timeoutMs: 20 }), client: () => held.promise },
      );
      expect(statuses(await proxy.ask(bytes))).toEqual(["504"]);
      held.resolve(new HttpClient("127.0.0.1", server.port));
      await Bun.sleep(20);
      expect(server.count).toBe(0);
      expect(proxy.served).toHaveLength(1);
    }
  });

  test("is not sent when its client has closed the connection", async () => {
    using server = await RawServer.listen();
    const held = Promise.withResolvers<HttpClient>();
    let asked = 0;
    const client = (): Promise<HttpClient> => {
      asked++;
      return held.promise;
    };
    using proxy = new TestProxy({}, { rule: forward(revision("a")), client });
    using socket = await proxy.connect();
    await socket.send(GET);
    await until("the request came", () => asked === 1);
    socket.reset();
    await proxy.untilServed();
    held.resolve(new HttpClient("127.0.0.1", server.port));
    await Bun.sleep(20);
    expect(server.count).toBe(0);
    expect(proxy.served).toMatchObject([{ status: 0, complete: false }]);
  });
});
