import { describe, expect, test } from "bun:test";
import { HeaderList } from "../../route-fields/headers/header-list.ts";
import { replyBody, replyTarget, request, statuses, TestServer } from "../testing/test-server.ts";
import { until } from "../testing/test-system.ts";
import type { Exchange } from "./exchange.ts";

describe("requests", () => {
  test("are read a byte at a time", async () => {
    using server = new TestServer(replyBody);
    using client = await server.connect();
    await client.trickle(request("POST /a", "content-length: 3") + "xyz");
    expect(await client.until("/a xyz\n")).toStartWith("HTTP/1.1 200 OK\r\n");
    client.clear();
    await client.trickle(
      `\r\n${request("POST /b", "transfer-encoding: chunked")}2\r\nuv\r\n1;x\r\nw\r\n0\r\ny: z\r\n\r\n`,
    );
    await client.until("/b uvw\n");
    expect(server.exchanges).toHaveLength(2);
  });

  test("that arrive together are answered in order, with and without bodies", async () => {
    using server = new TestServer(replyBody);
    using client = await server.connect();
    await client.send(
      request("GET /1") +
        `${request("POST /2", "content-length: 2")}ab` +
        `${request("POST /3", "transfer-encoding: chunked")}1\r\nc\r\n0\r\n\r\n\r\n` +
        request("GET /4", "connection: close") +
        request("GET /never"),
    );
    const { text, ending } = await client.untilEnded();
    expect(text.match(/^\/.*$/gm)).toEqual(["/1 ", "/2 ab", "/3 c", "/4 "]);
    expect(ending).toBe("fin");
    expect(server.exchanges).toHaveLength(4);
  });

  test("that arrive by the thousand are answered one after the other", async () => {
    using server = new TestServer(replyTarget);
    using client = await server.connect();
    const count = 20_000;
    void client.send(request("GET /").repeat(count) + request("GET /last", "connection: close"));
    await client.untilEnded();
    expect(statuses(client.text)).toHaveLength(count + 1);
  });

  test("wait behind one that is slow", async () => {
    using server = new TestServer((exchange) => {
      if (exchange.request.target !== "/slow") replyTarget(exchange);
    });
    using client = await server.connect();
    await client.send(request("GET /slow") + request("GET /fast"));
    await Bun.sleep(20);
    expect(server.exchanges).toHaveLength(1);
    expect(client.text).toBe("");
    server.exchanges[0]?.reply(200, "slow");
    await client.until("/fast\n");
    expect(client.text.match(/^(slow|\/fast)$/gm)).toEqual(["slow", "/fast"]);
  });

  test("wait behind one that is slow, however many they are", async () => {
    using server = new TestServer((exchange) => {
      if (exchange.request.target !== "/slow") replyTarget(exchange);
    });
    using client = await server.connect();
    const count = 10_000;
    void client.send(
      request("GET /slow") + request("GET /").repeat(count) + request("GET /", "connection: close"),
    );
    await until("the slow one came", () => server.exchanges.length === 1);
    await Bun.sleep(20);
    server.exchanges[0]?.reply(200, "slow");
    await client.untilEnded();
    expect(statuses(client.text)).toHaveLength(count + 2);
  });

  test("deliver their body on demand, even if it arrived long before", async () => {
    using server = new TestServer();
    using client = await server.connect();
    await client.send(`${request("POST /", "content-length: 3")}abc`);
    await until("the request came", () => server.exchanges.length === 1);
    await Bun.sleep(5);
    replyBody(server.exchanges[0] as Exchange);
    await client.until("/ abc\n");
  });

  test("keep target, fields and bytes beyond ASCII as they are", async () => {
    using server = new TestServer((exchange) => {
      const { target, headers } = exchange.request;
      exchange.reply(200, "", new HeaderList(["x-target", target, "x-value", headers.get("x") ?? ""]));
    });
    using client = await server.connect();
    await client.send(request("GET //a/../%2F;b?c=\xe9", "x: \x80\xff"));
    expect(await client.until("\r\n\r\n")).toContain(
      "x-target: //a/../%2F;b?c=\xe9\r\nx-value: \x80\xff\r\n",
    );
  });

  test("with Expect: 100-continue get 100 when their body is read, and lose the field", async () => {
    using server = new TestServer((exchange) => {
      expect(exchange.request.headers.get("expect")).toBeUndefined();
      if (exchange.request.target === "/no") exchange.reply(403, "no");
      else replyBody(exchange);
    });
    using wanted = await server.connect();
    await wanted.send(request("POST /yes", "expect: 100-Continue", "content-length: 2"));
    expect(await wanted.until("\r\n\r\n")).toBe("HTTP/1.1 100 Continue\r\n\r\n");
    await wanted.send("ab");
    await wanted.until("/yes ab\n");
    expect(statuses(wanted.text)).toEqual(["100", "200"]);
    wanted.clear();
    await wanted.send(request("GET /", "expect: 100-continue"));
    await wanted.until("/ \n");
    expect(statuses(wanted.text)).toEqual(["200"]);

    using unwanted = await server.connect();
    await unwanted.send(request("POST /no", "expect: 100-continue", "content-length: 2"));
    const { text } = await unwanted.untilEnded();
    expect(statuses(text)).toEqual(["403"]);
    expect(text).toContain("\r\nconnection: close\r\n");
  });

  test.each([
    ["garbage", "hello\r\n\r\n", 400],
    ["a bare LF, at once", "GET / HTTP/1.1\n", 400],
    ["a TLS handshake, at once", "\x16\x03\x01\x02\x00\x01\x00", 400],
    ["no Host", "GET / HTTP/1.1\r\n\r\n", 400],
    ["two lengths", request("POST /", "content-length: 1", "content-length: 2"), 400],
    ["a length and chunks", request("POST /", "content-length: 1", "transfer-encoding: chunked"), 400],
    ["HTTP/1.0", "GET / HTTP/1.0\r\nhost: a\r\n\r\n", 426],
    ["HTTP/2 by prior knowledge", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505],
    ["another coding", request("POST /", "transfer-encoding: gzip"), 501],
    ["a tunnel", "CONNECT a.test:443 HTTP/1.1\r\nhost: a.test:443\r\n\r\n", 501],
    ["a head without an end", `GET / HTTP/1.1\r\nx: ${"a".repeat(61 * 1024)}`, 431],
    ["too many fields", request("GET /", ...Array<string>(100).fill("x: 1")), 431],
  ])("with %s are refused, and the connection closes with a FIN", async (_, bytes, status) => {
    using server = new TestServer();
    using client = await server.connect();
    await client.send(bytes);
    const { text, ending } = await client.untilEnded();
    expect(text).toStartWith(`HTTP/1.1 ${status} `);
    expect(text).toContain("connection: close\r\n");
    const [, length, body] = /content-length: ([0-9]+)\r\n[^]*\r\n\r\n([^]*)$/.exec(text) ?? [];
    expect(body).toHaveLength(Number(length));
    expect(ending).toBe("fin");
    expect(server.exchanges).toHaveLength(0);
  });

  test("that are good are answered before a malformed one behind them is refused", async () => {
    using server = new TestServer(replyTarget);
    using client = await server.connect();
    await client.send(`${request("GET /good")}BAD\r\n\r\n${request("GET /never")}`);
    const { text } = await client.untilEnded();
    expect(statuses(text)).toEqual(["200", "400"]);
    expect(server.exchanges).toHaveLength(1);
  });

  test("with malformed chunks are refused, and their handler is called once", async () => {
    using server = new TestServer((exchange) =>
      exchange.readBody(
        () => {},
        () => {},
      ),
    );
    using client = await server.connect();
    await client.send(`${request("POST /", "transfer-encoding: chunked")}1\r\na\r\nx\r\n`);
    const { text } = await client.untilEnded();
    expect(statuses(text)).toEqual(["400"]);
    expect(server.aborted).toHaveLength(1);
  });

  test("whose chunks turn out malformed within the response have it aborted", async () => {
    using server = new TestServer((exchange) => {
      exchange.readBody(
        () => {},
        () => {},
      );
      exchange.respond(200, "", new HeaderList(), { kind: "chunked" });
      exchange.write(Buffer.from("abc"));
    });
    using client = await server.connect();
    await client.send(request("POST /", "transfer-encoding: chunked"));
    await client.until("abc");
    await client.send("x\r\n");
    const { text } = await client.untilEnded();
    expect(statuses(text)).toEqual(["200"]);
    expect(text).not.toContain("0\r\n\r\n");
    expect(server.aborted).toHaveLength(1);
  });
});
