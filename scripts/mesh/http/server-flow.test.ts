import { expect, test } from "bun:test";
import { HeaderList } from "../../route-fields/headers/header-list.ts";
import { replyTarget, request, TestServer } from "../testing/test-server.ts";
import { untilSteady } from "../testing/raw-socket.ts";
import { until } from "../testing/test-system.ts";
import type { Exchange } from "./exchange.ts";

const MEGABYTE = 1024 * 1024;
// An upper bound of the bytes in the kernel buffers between server and client.
const IN_KERNELS = 24 * MEGABYTE;

/** Responds with this many bytes, as fast as the client reads them. */
function pour(exchange: Exchange, bytes: number, onWrite: (total: number) => void): void {
  const piece = Buffer.alloc(64 * 1024, "x");
  let written = 0;
  const goOn = (): void => {
    while (written < bytes && !exchange.congested) {
      exchange.write(piece);
      written += piece.length;
      onWrite(written);
    }
    if (written >= bytes) exchange.end();
  };
  exchange.respond(200, "", new HeaderList(), { kind: "length", bytes });
  exchange.onDrained = goOn;
  goOn();
}

test("a response to a slow reader is paused at its source, and resumes when the reader does", async () => {
  let written = 0;
  using server = new TestServer((exchange) => pour(exchange, 64 * MEGABYTE, (total) => (written = total)));
  using client = await server.connect();
  client.pause();
  await client.send(request("GET /"));
  await until("the answer began", () => written > 0);
  expect(await untilSteady(() => written)).toBeLessThan(IN_KERNELS);
  client.resume();
  await client.untilBytes(64 * MEGABYTE);
  await client.send(request("GET /"));
  await client.untilBytes(128 * MEGABYTE);
});

test("an unread body stays at the client, in each exchange", async () => {
  using server = new TestServer();
  using client = await server.connect();
  const piece = Buffer.alloc(MEGABYTE);
  for (const round of [1, 2]) {
    let [sent, received] = [0, 0];
    await client.send(request("POST /", `content-length: ${64 * MEGABYTE}`));
    const all = Array.from({ length: 64 }, () => client.send(piece).then(() => (sent += piece.length)));
    await until("the request came", () => server.exchanges.length === round);
    expect(await untilSteady(() => sent)).toBeLessThan(IN_KERNELS);
    const exchange = server.exchanges.at(-1);
    exchange?.readBody(
      (content) => (received += content.length),
      () => exchange.reply(200, `thanks ${round}`),
    );
    await client.until(`thanks ${round}`);
    await Promise.all(all);
    expect(received).toBe(64 * MEGABYTE);
  }
});

test("a body waits while it is paused", async () => {
  let received = 0;
  using server = new TestServer((exchange) => {
    exchange.readBody(
      (content) => {
        received += content.length;
        exchange.pauseBody();
      },
      () => exchange.reply(200, "thanks"),
    );
  });
  using client = await server.connect();
  await client.send(request("POST /", `content-length: ${8 * MEGABYTE}`));
  const all = client.send(Buffer.alloc(8 * MEGABYTE));
  await until("some of it came", () => received > 0);
  await Bun.sleep(20);
  expect(received).toBeLessThan(4 * MEGABYTE);
  while (received < 8 * MEGABYTE) {
    server.exchanges[0]?.resumeBody();
    await Bun.sleep(0);
  }
  await client.until("thanks");
  await all;
});

test("a client that sends requests without reading responses is served no further than its buffers", async () => {
  const piece = Buffer.alloc(256 * 1024, "x");
  using server = new TestServer((exchange) => {
    exchange.respond(200, "", new HeaderList(), { kind: "length", bytes: piece.length });
    exchange.write(piece);
    exchange.end();
  });
  using client = await server.connect();
  client.pause();
  const count = 256;
  await client.send(request("GET /").repeat(count));
  await until("the first request came", () => server.exchanges.length > 0);
  const served = await untilSteady(() => server.exchanges.length);
  expect(served * piece.length).toBeLessThan(IN_KERNELS);
  client.resume();
  await client.untilBytes(count * piece.length);
  expect(server.exchanges).toHaveLength(count);
});

test("a previous response that drains late does not disturb the next exchange", async () => {
  const drained: string[] = [];
  const piece = Buffer.alloc(16 * MEGABYTE, "x");
  using server = new TestServer((exchange) => {
    exchange.onDrained = () => drained.push(exchange.request.target);
    exchange.respond(200, "", new HeaderList(), { kind: "length", bytes: piece.length });
    exchange.write(piece);
    if (exchange.request.target === "/1") exchange.end();
  });
  using client = await server.connect();
  client.pause();
  await client.send(request("GET /1") + request("GET /2"));
  await until("the first request came", () => server.exchanges.length > 0);
  await Bun.sleep(20);
  client.resume();
  await client.untilBytes(2 * piece.length);
  await until("the second answer went out", () => drained.length > 0);
  expect(drained).toEqual(["/2"]);
});

test("500 clients are served at once, and no connection remains", async () => {
  using server = new TestServer(replyTarget);
  const clients = await Promise.all(Array.from({ length: 500 }, () => server.connect()));
  await Promise.all(
    clients.map(async (client, i) => {
      await client.send(request(`GET /${i}`));
      await client.until(`/${i}\n`);
    }),
  );
  for (const client of clients) client[Symbol.dispose]();
  await server.http.stop();
  expect(server.exchanges).toHaveLength(500);
  expect(server.aborted).toHaveLength(0);
});
