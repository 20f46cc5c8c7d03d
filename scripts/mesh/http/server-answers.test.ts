import { describe, expect, test } from "bun:test";
import { HeaderList } from "../../route-fields/headers/header-list.ts";
import { replyTarget, request, statuses, TestServer } from "../testing/test-server.ts";
import type { Exchange } from "./exchange.ts";
import type { Framing } from "./framing.ts";

const GET = request("GET /");

describe("answers", () => {
  const answer =
    (status: number, framing: Framing, body: string, fields: string[] = []) =>
    (exchange: Exchange): void => {
      exchange.respond(status, "", new HeaderList(fields), framing);
      exchange.write(Buffer.from(body));
      exchange.end();
    };

  test.each<[string, string, number, Framing, string, string]>([
    ["of a known length", "GET", 200, { kind: "length", bytes: 3 }, "abc", "content-length: 3\r\n\r\nabc"],
    [
      "of an unknown length",
      "GET",
      200,
      { kind: "close" },
      "abc",
      "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    ],
    ["in chunks", "GET", 200, { kind: "chunked" }, "", "transfer-encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["without a body", "GET", 200, { kind: "none" }, "", "content-length: 0\r\n\r\n"],
    ["to HEAD", "HEAD", 200, { kind: "none" }, "ignored", "HTTP/1.1 200 OK\r\n\r\n"],
    ["with 204", "GET", 204, { kind: "none" }, "ignored", "HTTP/1.1 204 No Content\r\n\r\n"],
    ["with 304", "GET", 304, { kind: "none" }, "ignored", "HTTP/1.1 304 Not Modified\r\n\r\n"],
    [
      "with an unknown status",
      "GET",
      299,
      { kind: "none" },
      "",
      "HTTP/1.1 299 \r\ncontent-length: 0\r\n\r\n",
    ],
  ])(
    "%s leave the connection usable for the next request",
    async (_, method, status, framing, body, expected) => {
      using server = new TestServer(answer(status, framing, body));
      using client = await server.connect();
      await client.send(request(`${method} /`));
      expect(await client.until(expected)).toEndWith(expected);
      const { byteCount } = client;
      await client.send(request(`${method} /`));
      await client.untilBytes(2 * byteCount);
      expect(statuses(client.text)).toEqual([String(status), String(status)]);
    },
  );

  test("begin before they are complete", async () => {
    using server = new TestServer((exchange) => {
      exchange.respond(200, "", new HeaderList(), { kind: "chunked" });
      exchange.flush();
    });
    using client = await server.connect();
    await client.send(GET);
    await client.until("\r\n\r\n");
    server.exchanges[0]?.write(Buffer.from("first"));
    await client.until("5\r\nfirst\r\n");
    server.exchanges[0]?.end();
    await client.until("\r\n0\r\n\r\n");
  });

  test("of the mesh itself keep a content type that a rule sets", async () => {
    using server = new TestServer((exchange) => {
      exchange.reply(503, "text \u2026", new HeaderList(["content-type", "text/html"]));
    });
    using client = await server.connect();
    await client.send(GET);
    expect(await client.until("\u00e2\u0080\u00a6\n")).toBe(
      "HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/html\r\ncontent-length: 9\r\n\r\ntext \xe2\x80\xa6\n",
    );
  });

  test("of the mesh itself to HEAD have the fields and no body", async () => {
    using server = new TestServer(replyTarget);
    using client = await server.connect();
    await client.send(request("HEAD /abc") + request("HEAD /"));
    await client.until("content-length: 2\r\n\r\n");
    expect(client.text).toMatch(/content-length: 5\r\n\r\nHTTP\/1.1 200 OK\r\n/);
  });

  test("after the exchange is over change nothing", async () => {
    using server = new TestServer((exchange) => {
      replyTarget(exchange);
      exchange.write(Buffer.from("more"));
      exchange.end();
      exchange.reply(500, "again");
      exchange.breakOff();
      exchange.pauseBody();
      exchange.readBody(
        () => {},
        () => exchange.reply(500, "again"),
      );
    });
    using client = await server.connect();
    await client.send(request("GET /1") + request("GET /2"));
    await client.until("/2\n");
    expect(statuses(client.text)).toEqual(["200", "200"]);
    expect(client.text).not.toContain("more");
  });
});
