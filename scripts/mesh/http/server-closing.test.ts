import { describe, expect, test } from "bun:test";
import { HeaderList } from "../../route-fields/headers/header-list.ts";
import { replyBody, replyTarget, request, TestServer } from "../testing/test-server.ts";
import { RawSocket } from "../testing/raw-socket.ts";
import { until } from "../testing/test-system.ts";
import { within } from "../revisions/within.ts";

const GET = request("GET /");
const MEGABYTE = 1024 * 1024;

describe("a client that closes the connection", () => {
  const leave: [string, (client: RawSocket) => void][] = [
    ["by a FIN", (client) => client.fin()],
    ["by closing", (client) => client[Symbol.dispose]()],
    ["by a reset", (client) => client.reset()],
  ];

  test.each(leave)("%s before the answer is reported once", async (_, go) => {
    using server = new TestServer();
    using client = await server.connect();
    await client.send(GET);
    await until("the request came", () => server.exchanges.length === 1);
    go(client);
    await until("the abort came", () => server.aborted.length > 0);
    server.exchanges[0]?.reply(200, "too late");
    await Bun.sleep(10);
    expect(server.aborted).toHaveLength(1);
  });

  test.each(leave)("%s within its own body is reported once", async (_, go) => {
    using server = new TestServer(replyBody);
    using client = await server.connect();
    await client.send(`${request("POST /", "content-length: 10")}abc`);
    await until("the request came", () => server.exchanges.length === 1);
    go(client);
    await until("the abort came", () => server.aborted.length > 0);
    await Bun.sleep(10);
    expect(server.aborted).toHaveLength(1);
  });

  test.each(leave)("%s within the answer is reported once", async (_, go) => {
    using server = new TestServer((exchange) => {
      exchange.respond(200, "", new HeaderList(), { kind: "chunked" });
      exchange.write(Buffer.from("abc"));
    });
    using client = await server.connect();
    await client.send(GET);
    await client.until("abc");
    go(client);
    await until("the abort came", () => server.aborted.length > 0);
    server.exchanges[0]?.write(Buffer.from("def"));
    server.exchanges[0]?.end();
    await Bun.sleep(10);
    expect(server.aborted).toHaveLength(1);
  });

  test.each(leave)("%s after the answer is not reported", async (_, go) => {
    using server = new TestServer(replyTarget);
    using client = await server.connect();
    await client.send(GET);
    await client.until("/\n");
    go(client);
    await Bun.sleep(20);
    expect(server.aborted).toHaveLength(0);
  });

  test.each(leave)("%s discards its queued requests", async (_, go) => {
    using server = new TestServer();
    using client = await server.connect();
    await client.send(GET + GET);
    await until("the request came", () => server.exchanges.length === 1);
    go(client);
    await until("the abort came", () => server.aborted.length > 0);
    await Bun.sleep(10);
    expect(server.exchanges).toHaveLength(1);
  });

  test("by a reset is reported at once even while the connection is not read", async () => {
    using server = new TestServer((exchange) => {
      exchange.readBody(
        () => exchange.pauseBody(),
        () => {},
      );
    });
    using client = await server.connect();
    await client.send(`${request("POST /", "content-length: 10")}abc`);
    await until("the request came", () => server.exchanges.length === 1);
    client.reset();
    await until("the abort came", () => server.aborted.length === 1);
  });

  test("by a FIN is reported when reading resumes", async () => {
    using server = new TestServer((exchange) => {
      exchange.readBody(
        () => exchange.pauseBody(),
        () => {},
      );
    });
    using client = await server.connect();
    await client.send(`${request("POST /", "content-length: 10")}abc`);
    await until("the request came", () => server.exchanges.length === 1);
    client.fin();
    await Bun.sleep(20);
    server.exchanges[0]?.resumeBody();
    await until("the abort came", () => server.aborted.length === 1);
  });
});

describe("a connection closes", () => {
  test("after a response to an incomplete request lets the client read the response", async () => {
    using server = new TestServer((exchange) => exchange.reply(413, "too large"));
    using client = await server.connect();
    client.pause();
    await client.send(request("POST /", `content-length: ${64 * MEGABYTE}`));
    await until("it was answered", () => server.exchanges.length === 1);
    // If the connection were closed already, these bytes would make the client's kernel discard the response.
    for (let i = 0; i < 20; i++) {
      await client.send(Buffer.alloc(64 * 1024));
      await Bun.sleep(1);
    }
    client.resume();
    const { text, ending } = await client.untilEnded();
    expect(text).toStartWith("HTTP/1.1 413 ");
    expect(text).toContain("\r\nconnection: close\r\n");
    expect(text).toEndWith("too large\n");
    expect(ending).toBe("fin");
  });

  test("when the client requests it, and announces it", async () => {
    using server = new TestServer(replyTarget);
    using client = await server.connect();
    await client.send(request("GET /", "connection: close"));
    expect((await client.untilEnded()).text).toContain("\r\nconnection: close\r\n");
  });

  test("only after the client has received all of a long response", async () => {
    const content = Buffer.alloc(8 * MEGABYTE, "abcdefg");
    using server = new TestServer((exchange) => {
      exchange.respond(200, "", new HeaderList(), { kind: "length", bytes: content.length });
      exchange.write(content);
      exchange.end();
    });
    using client = await server.connect();
    client.pause();
    await client.send(request("GET /", "connection: close"));
    await Bun.sleep(30);
    client.resume();
    const { ending } = await client.untilEnded();
    expect(client.bytes.subarray(-content.length).equals(content)).toBe(true);
    expect(ending).toBe("fin");
  });

  test("without reporting an aborted response as complete", async () => {
    using server = new TestServer((exchange) => {
      exchange.respond(200, "", new HeaderList(), { kind: "chunked" });
      exchange.write(Buffer.from("abc"));
    });
    using client = await server.connect();
    await client.send(GET);
    await client.until("abc");
    server.exchanges[0]?.breakOff();
    expect((await client.untilEnded()).text).not.toContain("0\r\n\r\n");
    expect(server.aborted).toHaveLength(1);
  });
});

describe("stop", () => {
  test("closes idle connections, refuses new ones, and waits for requests in flight", async () => {
    using server = new TestServer((exchange) => {
      if (exchange.request.target === "/fast") replyTarget(exchange);
    });
    using idle = await server.connect();
    await idle.send(request("GET /fast"));
    await idle.until("/fast\n");
    using busy = await server.connect();
    await busy.send(request("GET /slow") + request("GET /never"));
    await until("the slow request came", () => server.exchanges.length === 2);

    const stopped = server.http.stop();
    expect((await idle.untilEnded()).ending).toBe("fin");
    expect(RawSocket.connect(server.http.port)).rejects.toThrow();
    expect(await within(20, stopped)).toBe(false);
    server.exchanges[1]?.reply(200, "done");
    const { text } = await busy.untilEnded();
    expect(text).toContain("\r\nconnection: close\r\n");
    expect(text).toEndWith("done\n");
    busy.fin();
    await stopped;
    expect(server.exchanges).toHaveLength(2);
  });

  test("does not wait for clients that sent an incomplete head or nothing", async () => {
    using server = new TestServer();
    using silent = await server.connect();
    using half = await server.connect();
    await half.send("GET / HTTP/1.1\r\nhost: a.te");
    using second = await server.connect();
    await second.send(`${GET}GET /half HTTP/1.1\r\nhost`);
    await until("the whole request came", () => server.exchanges.length === 1);
    const stopped = server.http.stop();
    server.exchanges[0]?.reply(200, "done");
    expect((await second.untilEnded()).text).toEndWith("done\n");
    for (const client of [silent, half]) expect((await client.untilEnded()).ending).toBe("fin");
    // The client that got a response has some time to read it; the others are closed at once.
    second.fin();
    expect(await within(1_000, stopped)).toBe(true);
  });

  test("resolves at once without connections, and on each call", async () => {
    using server = new TestServer();
    await Promise.all([server.http.stop(), server.http.stop()]);
    await server.http.stop();
  });

  test("can be cut short by terminate", async () => {
    using server = new TestServer();
    using client = await server.connect();
    await client.send(GET);
    await until("the request came", () => server.exchanges.length === 1);
    const stopped = server.http.stop();
    server.http.terminate();
    await stopped;
    await client.untilEnded();
    expect(server.aborted).toHaveLength(1);
  });
});

test("terminate closes every connection, and reports each request in flight once", async () => {
  using server = new TestServer();
  const clients = await Promise.all(Array.from({ length: 50 }, () => server.connect()));
  for (const client of clients) await client.send(GET);
  await until("all requests came", () => server.exchanges.length === 50);
  server.http.terminate();
  await Promise.all(clients.map((client) => client.untilEnded()));
  expect(new Set(server.aborted).size).toBe(50);
  expect(server.aborted).toHaveLength(50);
});
