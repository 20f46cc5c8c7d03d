import { describe, expect, test } from "bun:test";
import { NO_CHANGE } from "../../route-fields/headers/header-list.ts";
import { answering, OK } from "../testing/fake-upstream.ts";
import { request, statuses } from "../testing/test-server.ts";
import { forward, inner, revision, TestProxy, type TestProxyOptions } from "../testing/test-proxy.ts";
import { RawServer } from "../testing/raw-socket.ts";

/**
 * Sends a request through a proxy to a revision that responds with these bytes.
 * @param untilSent the revision responds after it has received this
 * @param untilReceived the request ends when the client has received this
 */
async function pass(
  bytes: string,
  options: TestProxyOptions = {},
  answer = OK,
  untilSent = "\r\n\r\n",
  untilReceived = "\r\n\r\n",
): Promise<{ sent: string; received: string; proxy: TestProxy }> {
  using server = await RawServer.listen();
  using proxy = new TestProxy({ a: server.port }, { rule: forward(revision("a")), ...options });
  using client = await proxy.connect();
  await client.send(bytes);
  const upstream = await server.accept();
  await upstream.until(untilSent);
  await upstream.send(answer);
  if (!answer.includes("content-length") && !answer.includes("chunked")) upstream.fin();
  await client.until(untilReceived);
  return { sent: upstream.text, received: client.text, proxy };
}

describe("a request", () => {
  test("reaches the revision byte for byte, with the fields that a proxy adds", async () => {
    const { sent } = await pass(
      request("GET //a/../%2f;x?y=\xe9&&", "X-One: 1", "x-two: \x80\xff", "x-one: 3"),
    );
    expect(sent).toBe(
      "GET //a/../%2f;x?y=\xe9&& HTTP/1.1\r\nhost: a.test\r\nx-one: 1\r\nx-two: \x80\xff\r\nx-one: 3\r\n" +
        "x-forwarded-for: 127.0.0.1\r\nx-forwarded-proto: http\r\nx-request-id: fresh-id\r\n\r\n",
    );
  });

  test("keeps its id and its client addresses", async () => {
    const { sent } = await pass(
      request("GET /", "x-request-id: mine", "x-forwarded-for: 10.0.0.1", "x-forwarded-for: 10.0.0.2"),
    );
    expect(sent).toContain("x-request-id: mine\r\nx-forwarded-for: 10.0.0.1,10.0.0.2,127.0.0.1\r\n");
  });

  test.each([
    ["ingress", "http"],
    ["mesh", "https"],
  ] as const)("at the %s has x-forwarded-proto %s", async (listener, proto) => {
    const { sent } = await pass(request("GET /", "x-forwarded-proto: https"), { listener });
    expect(sent).toContain(`x-forwarded-proto: ${proto}\r\n`);
    expect(sent.match(/x-forwarded-proto/g)).toHaveLength(1);
  });

  test("loses the fields of its connection, and Knative's own", async () => {
    const { sent } = await pass(
      request(
        "GET /",
        "connection: keep-alive, x-mine",
        "x-mine: 1",
        "keep-alive: timeout=5",
        "te: trailers",
        "upgrade: websocket",
        "proxy-connection: close",
        "knative-serving-revision: other",
        "knative-serving-namespace: other",
        "x-kept: 1",
      ),
    );
    expect(sent).not.toMatch(/x-mine|keep-alive|\nte:|upgrade|connection|knative/);
    expect(sent).toContain("x-kept: 1\r\n");
  });

  test.each([
    ["of a known length", "content-length: 3", "abc", "content-length: 3\r\n", "\r\n\r\nabc"],
    ["of no bytes", "content-length: 0", "", "content-length: 0\r\n", "\r\n\r\n"],
    [
      "in chunks",
      "transfer-encoding: chunked",
      "1;x=y\r\na\r\n2\r\nbc\r\n0\r\nt: u\r\n\r\n",
      "transfer-encoding: chunked\r\n",
      "\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    ],
    [
      "in no chunks",
      "transfer-encoding: chunked",
      "0\r\n\r\n",
      "transfer-encoding: chunked\r\n",
      "\r\n\r\n0\r\n\r\n",
    ],
  ])("carries its body %s", async (_, field, body, framing, end) => {
    const { sent } = await pass(request("POST /", field) + body, {}, OK, end);
    expect(sent).toContain(framing);
    expect(sent).toEndWith(end);
  });

  test.each([
    ["its client names the length in Connection", ["connection: content-length, host"], NO_CHANGE],
    ["a rule removes the length", [], { ...NO_CHANGE, remove: ["content-length"] }],
    ["a rule sets another length", [], { ...NO_CHANGE, set: [["content-length", "1"]] as const }],
    ["a rule sets a coding", [], { ...NO_CHANGE, add: [["transfer-encoding", "chunked"]] as const }],
  ])("stays one request when %s", async (_, fields, change) => {
    const smuggled = "GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n";
    const { sent } = await pass(
      request("POST /", `content-length: ${smuggled.length}`, ...fields) + smuggled,
      {
        rule: forward(revision("a"), { request: change }),
      },
    );
    expect(sent).toContain(`content-length: ${smuggled.length}\r\n`);
    expect(sent).toContain("host: a.test\r\n");
    expect(sent).not.toContain("transfer-encoding");
    expect(sent).toEndWith(`\r\n\r\n${smuggled}`);
  });

  test("is changed by the rules from the outermost to the innermost", async () => {
    const { sent } = await pass(request("GET /x", "x-order: client"), {
      rule: forward(inner(), { rewriteUri: "/y/", request: { ...NO_CHANGE, add: [["x-order", "outer"]] } }),
      inner: forward(revision("a", { request: { ...NO_CHANGE, add: [["x-order", "inner"]] } })),
    });
    expect(sent).toStartWith("GET /y/x HTTP/1.1\r\nhost: inner.test\r\n");
    expect(sent.match(/x-order: .*/g)).toEqual(["x-order: client", "x-order: outer", "x-order: inner"]);
  });
});

describe("an answer", () => {
  test.each([
    [
      "of a known length",
      "GET",
      "200 OK\r\ncontent-length: 3\r\n\r\nabc",
      "200 OK\r\ncontent-length: 3\r\n\r\nabc",
    ],
    ["of no bytes", "GET", "200 OK\r\ncontent-length: 0\r\n\r\n", "200 OK\r\ncontent-length: 0\r\n\r\n"],
    [
      "in chunks",
      "GET",
      "200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
      "200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    ],
    [
      "that ends with the connection",
      "GET",
      "200 OK\r\n\r\nabc",
      "200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    ],
    ["to HEAD", "HEAD", "200 OK\r\ncontent-length: 3\r\n\r\n", "200 OK\r\ncontent-length: 3\r\n\r\n"],
    ["to HEAD in chunks", "HEAD", "200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "200 OK\r\n\r\n"],
    ["with 204", "GET", "204 No Content\r\ncontent-length: 3\r\n\r\n", "204 No Content\r\n\r\n"],
    [
      "with 304",
      "GET",
      "304 Not Modified\r\ncontent-length: 3\r\n\r\n",
      "304 Not Modified\r\ncontent-length: 3\r\n\r\n",
    ],
    [
      "with a reason of its own",
      "GET",
      "200 Caf\xe9\r\ncontent-length: 0\r\n\r\n",
      "200 Caf\xe9\r\ncontent-length: 0\r\n\r\n",
    ],
    [
      "without a reason",
      "GET",
      "404\r\ncontent-length: 0\r\n\r\n",
      "404 Not Found\r\ncontent-length: 0\r\n\r\n",
    ],
    [
      "after an interim one",
      "GET",
      "103 Early\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
      "200 OK\r\ncontent-length: 0\r\n\r\n",
    ],
    [
      "with fields of its connection",
      "GET",
      "200 OK\r\nconnection: x-a, content-length\r\nx-a: 1\r\nkeep-alive: x\r\nX-B: \xff\r\ncontent-length: 1\r\n\r\na",
      "200 OK\r\nx-b: \xff\r\ncontent-length: 1\r\n\r\na",
    ],
  ])("%s reaches the client", async (_, method, answer, expected) => {
    const { received, proxy } = await pass(
      request(`${method} /`),
      {},
      `HTTP/1.1 ${answer}`,
      "\r\n\r\n",
      expected,
    );
    expect(received).toBe(`HTTP/1.1 ${expected}`);
    expect(proxy.served).toMatchObject([
      { status: Number(expected.slice(0, 3)), complete: true, revision: "a" },
    ]);
  });

  test("is changed by the rules from the innermost to the outermost, and keeps its framing", async () => {
    const change = (name: string) => ({
      ...NO_CHANGE,
      add: [["x-order", name]] as const,
      set: [["content-length", "9"]] as const,
    });
    const { received } = await pass(request("GET /"), {
      rule: forward(inner({ response: change("2") }), { response: change("3") }),
      inner: forward(revision("a", { response: change("0") }), { response: change("1") }),
    });
    expect(received.match(/x-order: (.)/g)).toEqual(["x-order: 0", "x-order: 1", "x-order: 2", "x-order: 3"]);
    expect(received.match(/content-length: .*/g)).toEqual(["content-length: 2"]);
  });
});

test("pipelined requests are answered in order, on one kept connection", async () => {
  using server = await answering(OK);
  using proxy = new TestProxy({ a: server.port }, { rule: forward(revision("a")) });
  const text = await proxy.ask(request("GET /").repeat(20) + request("GET /", "connection: close"));
  expect(statuses(text)).toHaveLength(21);
  expect(server.count).toBe(1);
  expect(proxy.served).toHaveLength(21);
});
