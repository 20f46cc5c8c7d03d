import { expect, test } from "bun:test";
import { OK } from "../testing/fake-upstream.ts";
import { request } from "../testing/test-server.ts";
import { forward, revision, TestProxy } from "../testing/test-proxy.ts";
import { RawServer, type RawSocket, untilSteady } from "../testing/raw-socket.ts";

const MEGABYTE = 1024 * 1024;
// An upper bound of the bytes in the kernel buffers of both connections.
const IN_KERNELS = 32 * MEGABYTE;
const CHUNKED = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

/** Connects a client through a proxy to one revision. Returns the client and the revision's end of the connection. */
async function connect(
  stack: DisposableStack,
  bytes: string,
): Promise<{ proxy: TestProxy; client: RawSocket; upstream: RawSocket }> {
  const server = stack.use(await RawServer.listen());
  const proxy = stack.use(new TestProxy({ a: server.port }, { rule: forward(revision("a")) }));
  const client = stack.use(await proxy.connect());
  await client.send(bytes);
  const upstream = await server.accept();
  await upstream.until("\r\n\r\n");
  return { proxy, client, upstream };
}

test("an answer reaches the client while the revision still writes it", async () => {
  using stack = new DisposableStack();
  const { client, upstream } = await connect(stack, request("GET /"));
  await upstream.send(CHUNKED);
  await client.until(CHUNKED);
  await upstream.send("3\r\none\r\n");
  await client.until("3\r\none\r\n");
  await upstream.send("3\r\ntwo\r\n");
  await client.until("3\r\ntwo\r\n");
  await upstream.send("0\r\n\r\n");
  await client.until("0\r\n\r\n");
});

test("a response of a known length is forwarded from its first byte", async () => {
  using stack = new DisposableStack();
  const { client, upstream } = await connect(stack, request("GET /"));
  await upstream.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\na");
  await client.until("\r\n\r\na");
});

test("a body reaches the revision while the client still sends it", async () => {
  using stack = new DisposableStack();
  const { client, upstream } = await connect(stack, request("POST /", "transfer-encoding: chunked"));
  await client.send("3\r\none\r\n");
  await upstream.until("3\r\none\r\n");
  await client.send("3\r\ntwo\r\n");
  await upstream.until("3\r\ntwo\r\n");
  await upstream.send(CHUNKED);
  await client.until(CHUNKED);
  await client.send("0\r\n\r\n");
  await upstream.until("0\r\n\r\n");
});

test("both directions flow at the same time", async () => {
  using stack = new DisposableStack();
  const { client, upstream } = await connect(stack, request("POST /", "content-length: 4"));
  await upstream.send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n");
  for (const letter of "abcd") {
    await client.send(letter);
    await upstream.until(letter);
    await upstream.send(letter.toUpperCase());
    await client.until(letter.toUpperCase());
  }
});

test.each<[string, (client: RawSocket) => void]>([
  ["closes", (client) => client[Symbol.dispose]()],
  ["resets", (client) => client.reset()],
])("a client that %s is noticed by the revision, before and within the response", async (_, leave) => {
  for (const answer of ["", `${CHUNKED}3\r\nabc\r\n`]) {
    using stack = new DisposableStack();
    const { proxy, client, upstream } = await connect(stack, request("GET /"));
    await upstream.send(answer);
    if (answer !== "") await client.until("abc");
    leave(client);
    await upstream.untilEnded();
    await proxy.untilServed();
    expect(proxy.served).toMatchObject([{ complete: false, status: answer === "" ? 0 : 200, revision: "a" }]);
  }
});

test("an answer that the revision aborts reaches the client as incomplete", async () => {
  using stack = new DisposableStack();
  const { proxy, client, upstream } = await connect(stack, request("GET /"));
  await upstream.send(`${CHUNKED}3\r\nabc\r\n`);
  await client.until("abc");
  upstream.fin();
  expect((await client.untilEnded()).text).not.toContain("0\r\n\r\n");
  expect(proxy.served).toMatchObject([{ complete: false, status: 200 }]);
});

test("a long response to a slow client is paused at the revision", async () => {
  using stack = new DisposableStack();
  const { client, upstream } = await connect(stack, request("GET /"));
  const size = 200 * MEGABYTE;
  client.pause();
  let sent = 0;
  void upstream.send(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n`);
  const piece = Buffer.alloc(MEGABYTE);
  for (let i = 0; i < size / MEGABYTE; i++) void upstream.send(piece).then(() => (sent += MEGABYTE));
  const steady = await untilSteady(() => sent);
  expect(steady).toBeGreaterThan(0);
  expect(steady).toBeLessThan(IN_KERNELS);
});

test("a long answer is complete when its client pauses at times", async () => {
  using stack = new DisposableStack();
  const { proxy, client, upstream } = await connect(stack, request("GET /", "connection: close"));
  const content = Buffer.alloc(32 * MEGABYTE, "abcdefghijk");
  void upstream.send(`HTTP/1.1 200 OK\r\ncontent-length: ${content.length}\r\nconnection: close\r\n\r\n`);
  void upstream.send(content).then(() => upstream.fin());
  for (let i = 0; i < 5; i++) {
    client.pause();
    await Bun.sleep(10);
    client.resume();
    await client.untilBytes(client.byteCount + 1);
  }
  await client.untilEnded();
  expect(client.bytes.subarray(-content.length).equals(content)).toBe(true);
  expect(proxy.served).toMatchObject([{ complete: true }]);
});

test("a long body for a slow revision is paused at the client, and arrives complete", async () => {
  using stack = new DisposableStack();
  const content = Buffer.alloc(64 * MEGABYTE, "abcdefghijk");
  const { client, upstream } = await connect(stack, request("POST /", `content-length: ${content.length}`));
  upstream.pause();
  upstream.clear();
  let sent = 0;
  for (let at = 0; at < content.length; at += MEGABYTE) {
    void client.send(content.subarray(at, at + MEGABYTE)).then(() => (sent += MEGABYTE));
  }
  expect(await untilSteady(() => sent)).toBeLessThan(IN_KERNELS);
  upstream.resume();
  await upstream.untilBytes(content.length);
  expect(upstream.bytes.equals(content)).toBe(true);
  await upstream.send(OK);
  await client.until("\r\n\r\nok");
});

test("an answer before the end of the body, such as a refusal, can be read", async () => {
  using stack = new DisposableStack();
  const { client, upstream } = await connect(stack, request("POST /", `content-length: ${64 * MEGABYTE}`));
  client.pause();
  await client.send(Buffer.alloc(MEGABYTE));
  await upstream.send("HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno");
  upstream.fin();
  for (let i = 0; i < 10; i++) {
    await client.send(Buffer.alloc(64 * 1024));
    await Bun.sleep(1);
  }
  client.resume();
  const { text, ending } = await client.untilEnded();
  expect(text).toStartWith("HTTP/1.1 413 Too Large\r\n");
  expect(text).toEndWith("no");
  expect(ending).toBe("fin");
});

test("an answer that ends while its client is slow does not stall the connection to the revision", async () => {
  using server = await RawServer.listen();
  using proxy = new TestProxy({ a: server.port }, { rule: forward(revision("a")) });
  using slow = await proxy.connect();
  slow.pause();
  await slow.send(request("GET /long"));
  const upstream = await server.accept();
  await upstream.until("/long");
  // Larger than the kernel buffers, so that the revision's connection is paused within the response or at its end.
  const content = Buffer.alloc(16 * MEGABYTE, "x");
  void upstream.send(`HTTP/1.1 200 OK\r\ncontent-length: ${content.length}\r\n\r\n`);
  void upstream.send(content);
  await Bun.sleep(30);
  slow.resume();
  await slow.untilBytes(content.length);
  await proxy.untilServed();
  using quick = await proxy.connect();
  await quick.send(request("GET /short"));
  await upstream.until("/short");
  await upstream.send(OK);
  await quick.until("\r\n\r\nok");
  expect(server.count).toBe(1);
});

test("thousands of tiny chunks pass, both ways", async () => {
  using stack = new DisposableStack();
  const { client, upstream } = await connect(stack, request("POST /", "transfer-encoding: chunked"));
  const tiny = "1\r\nz\r\n".repeat(50_000);
  await client.send(`${tiny}0\r\n\r\n`);
  await upstream.until("\r\n0\r\n\r\n");
  await upstream.send(`${CHUNKED}${tiny}0\r\n\r\n`);
  await client.until("\r\n0\r\n\r\n");
  for (const { text } of [upstream, client]) expect(text.match(/z/g)).toHaveLength(50_000);
});
