import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import { request } from "../testing/test-server.ts";
import { forward, revision, TestProxy } from "../testing/test-proxy.ts";
import { RawSocket } from "../testing/raw-socket.ts";
import { StrictServer } from "../testing/strict-server.ts";

// Random and damaged requests pass through the proxy to a server that accepts only strict HTTP.

let upstream: StrictServer;
let proxy: TestProxy;

beforeAll(async () => {
  upstream = await StrictServer.listen();
  proxy = new TestProxy({ a: upstream.port }, { rule: forward(revision("a"), { timeoutMs: 1_000 }) });
});

afterAll(() => {
  proxy[Symbol.dispose]();
  upstream[Symbol.dispose]();
});

/** Sends bytes in pieces and closes the connection; then another client must still be served. */
async function attack(pieces: readonly Buffer[]): Promise<void> {
  using client = await RawSocket.connect(proxy.port);
  for (const piece of pieces) await client.send(piece);
  await Bun.sleep(1);
  client.fin();
  await client.untilEnded();
  using good = await RawSocket.connect(proxy.port);
  await good.send(`${request("POST /good", "content-length: 4", "connection: close")}good`);
  const { text } = await good.untilEnded();
  expect(text).toStartWith("HTTP/1.1 200 OK\r\n");
  expect(text).toEndWith("\r\n\r\nok");
}

/** The upstream received exactly the requests that the proxy reported. */
function expectAgreement(): void {
  const meant = proxy.served.filter(({ revision }) => revision !== undefined);
  const lines = (all: typeof meant): string[] => all.map(({ method, target }) => `${method} ${target}`);
  expect(upstream.mistakes).toEqual([]);
  expect(meant.filter(({ status }) => status !== 200 && status !== 0)).toEqual([]);
  // A client that closed early may have been served or not.
  expect(without(upstream.seen, lines(meant))).toEqual([]);
  expect(without(lines(meant.filter(({ status }) => status === 200)), upstream.seen)).toEqual([]);
  proxy.served.length = 0;
  upstream.seen.length = 0;
}

/** A list without one occurrence of each of these. */
function without(list: readonly string[], others: readonly string[]): string[] {
  const left = [...list];
  for (const other of others) {
    const at = left.indexOf(other);
    if (at >= 0) left.splice(at, 1);
  }
  return left;
}

const cuts = fc.array(fc.nat(1_000), { maxLength: 4 });

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [0, ...at.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((place, i) => bytes.subarray(places[i], place));
}

test("random bytes neither crash nor stall the proxy", async () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc
      .uint8Array({ maxLength: 200 })
      .map((tail) => Buffer.concat([Buffer.from("GET / HTTP/1.1\r\nhost: a\r\n"), tail])),
  );
  await fc.assert(
    fc.asyncProperty(bytes, cuts, async (content, at) => attack(cut(Buffer.from(content), at))),
    { numRuns: 150, interruptAfterTimeLimit: 2_000, endOnFailure: true },
  );
});

const SEEDS = [
  request("GET /a?b=c", "x-a: 1", "connection: x-a"),
  `${request("POST /", "content-length: 5")}hello`,
  `${request("POST /", "transfer-encoding: chunked")}5;a=b\r\nhello\r\n0\r\nx: y\r\n\r\n`,
  `${request("PUT /", "expect: 100-continue", "content-length: 2")}hi${request("GET /")}`,
  request("OPTIONS *") + request("HEAD http://a.test/x"),
];

// Pieces that two parsers may read differently.
const TOKENS = [
  ...["\r\n", "\n", "\r", " ", "\t", ":", ",", ";", "0", "\x00", "\xff", "\x0b", "#", "//", "%2f"],
  ...[
    "\r\ncontent-length: 3",
    "\r\ncontent-length: 0",
    "\r\ntransfer-encoding: chunked",
    "\r\nconnection: close",
  ],
  ...["\r\nconnection: content-length", "\r\nTransfer-Encoding : chunked", "\r\n transfer-encoding: chunked"],
  ...["0\r\n\r\n", "GET /x HTTP/1.1\r\nhost: a\r\n\r\n", "HTTP/1.0", "chunked, identity", "\r\nhost: b"],
];

const edit = fc.record({
  at: fc.nat(200),
  remove: fc.oneof(fc.constant(0), fc.nat(8)),
  insert: fc.oneof(fc.constantFrom(...TOKENS), fc.string({ maxLength: 3, unit: "binary-ascii" })),
});

test("damaged requests neither crash nor stall the proxy, and are never misread", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...SEEDS),
      fc.array(edit, { minLength: 1, maxLength: 4 }),
      cuts,
      async (seed, edits, at) => {
        let text = seed;
        for (const { at, remove, insert } of edits) {
          const place = at % (text.length + 1);
          text = text.slice(0, place) + insert + text.slice(place + remove);
        }
        await attack(cut(Buffer.from(text, "latin1"), at));
        expectAgreement();
      },
    ),
    { numRuns: 400, interruptAfterTimeLimit: 3_000, endOnFailure: true },
  );
});
