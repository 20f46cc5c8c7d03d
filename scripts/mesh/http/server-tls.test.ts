import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { connect as connectPlain } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { HeaderList } from "../../route-fields/headers/header-list.ts";
import { LocalAuthority } from "../gateways/local-authority.ts";
import { until } from "../testing/test-system.ts";
import type { Exchange } from "./exchange.ts";
import { type HttpServer, serveHttp } from "./server.ts";

const MEGABYTE = 1024 * 1024;
let root: string;
let server: HttpServer;
let aborted = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "kyc-tls-"));
  const tls = (await LocalAuthority.open(root)).issue(["localhost", "127.0.0.1"]);
  server = serveHttp({ hostname: "127.0.0.1", port: 0, tls, onExchange: answer });
});
afterAll(async () => {
  server.terminate();
  await rm(root, { recursive: true, force: true });
});

/** Echoes a body, sends `/many` many bytes, and does not answer `/wait`. */
function answer(exchange: Exchange): void {
  exchange.onAbort = () => aborted++;
  const { target } = exchange.request;
  if (target === "/wait") return;
  if (target === "/many") return pour(exchange, 32 * MEGABYTE);
  let received = 0;
  exchange.readBody(
    (content) => (received += content.length),
    () => exchange.reply(200, `received ${received}`),
  );
}

function pour(exchange: Exchange, bytes: number): void {
  const piece = Buffer.alloc(64 * 1024, "x");
  let written = 0;
  const goOn = (): void => {
    for (; written < bytes && !exchange.congested; written += piece.length) exchange.write(piece);
    if (written >= bytes) exchange.end();
  };
  exchange.respond(200, "", new HeaderList(), { kind: "length", bytes });
  exchange.onDrained = goOn;
  goOn();
}

async function client(): Promise<{
  socket: TLSSocket;
  ended: Promise<void>;
  bytes(): number;
  text(): string;
}> {
  const opened = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const socket = connect({ host: "127.0.0.1", port: server.port, rejectUnauthorized: false }, opened.resolve);
  let bytes = 0;
  let text = "";
  socket.on("data", (content: Buffer) => {
    bytes += content.length;
    if (text.length < 1000) text += content.toString("latin1");
  });
  socket.on("end", () => ended.resolve());
  socket.on("error", (error) => (opened.reject(error), ended.resolve()));
  await opened.promise;
  return { socket, ended: ended.promise, bytes: () => bytes, text: () => text };
}

test("a large response reaches a client that closes afterwards, to the last byte", async () => {
  const { socket, ended, bytes } = await client();
  socket.write("GET /many HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
  await ended;
  expect(bytes()).toBeGreaterThan(32 * MEGABYTE);
});

test("a large body arrives, and the connection stays open for the next request", async () => {
  const { socket, text } = await client();
  for (let round = 1; round <= 2; round++) {
    socket.write(`POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${16 * MEGABYTE}\r\n\r\n`);
    socket.write(Buffer.alloc(16 * MEGABYTE));
    await until("it is answered", () => text().split(`received ${16 * MEGABYTE}`).length === round + 1);
  }
  socket.destroy();
});

test("a client that goes away aborts its exchange", async () => {
  const before = aborted;
  const { socket } = await client();
  socket.write("GET /wait HTTP/1.1\r\nhost: localhost\r\n\r\n");
  await Bun.sleep(20);
  socket.destroy();
  await until("the exchange is aborted", () => aborted === before + 1);
});

test("stop closes idle connections, and those without a TLS handshake", async () => {
  const tls = (await LocalAuthority.open(root)).issue(["localhost"]);
  const stopped = serveHttp({ hostname: "127.0.0.1", port: 0, tls, onExchange: answer });
  const plain = connectPlain({ host: "127.0.0.1", port: stopped.port });
  await new Promise((resolve) => plain.once("connect", resolve));
  const socket = connect({ host: "127.0.0.1", port: stopped.port, rejectUnauthorized: false });
  await new Promise((resolve) => socket.once("secureConnect", resolve));
  await stopped.stop();
  plain.destroy();
  socket.destroy();
});
