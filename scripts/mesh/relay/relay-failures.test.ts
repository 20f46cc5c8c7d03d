import { describe, expect, test } from "bun:test";
import { NO_CHANGE } from "../../route-fields/headers/header-list.ts";
import { OK } from "../testing/fake-upstream.ts";
import { request, statuses } from "../testing/test-server.ts";
import { forward, inner, revision, TestProxy } from "../testing/test-proxy.ts";
import { RawServer, type RawSocket } from "../testing/raw-socket.ts";

const GET = request("GET /", "connection: close");

test("a request with an unknown method gets 501, and is not a failure of a revision", async () => {
  using server = await RawServer.listen();
  using proxy = new TestProxy({ a: server.port }, { rule: forward(revision("a")) });
  expect(statuses(await proxy.ask(request("FOO /")))).toEqual(["501"]);
  expect(server.count).toBe(0);
  expect(proxy.served).toEqual([]);
});

describe("a revision that", () => {
  test.each<[string, (upstream: RawSocket) => void, number, string]>([
    [
      "closes without an answer gives 503",
      (upstream) => upstream.fin(),
      503,
      "a closed the connection before it answered",
    ],
    [
      "resets without an answer gives 503",
      (upstream) => upstream.reset(),
      503,
      "a closed the connection before it answered",
    ],
    [
      "does not speak HTTP gives 502",
      (upstream) => void upstream.send("hello\r\n\r\n"),
      502,
      "a did not answer in HTTP: ",
    ],
    [
      "answers in two framings gives 502",
      (upstream) =>
        void upstream.send("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n"),
      502,
      "a did not answer in HTTP: ",
    ],
    [
      "switches protocols without a request gives 502",
      (upstream) => void upstream.send("HTTP/1.1 101 Switching Protocols\r\n\r\n"),
      502,
      "a did not answer in HTTP: ",
    ],
  ])("%s", async (_, fail, status, sentence) => {
    using server = await RawServer.listen();
    using proxy = new TestProxy({ a: server.port }, { rule: forward(revision("a")) });
    const answer = proxy.ask(GET);
    const upstream = await server.accept();
    await upstream.until("\r\n\r\n");
    fail(upstream);
    const text = await answer;
    expect(statuses(text)).toEqual([String(status)]);
    expect(text).toContain(`\r\n\r\n${sentence}`);
    expect(proxy.served).toMatchObject([{ status, complete: true, revision: "a" }]);
  });

  test("does not listen gives 503", async () => {
    const server = await RawServer.listen();
    const { port } = server;
    server[Symbol.dispose]();
    using proxy = new TestProxy({ a: port }, { rule: forward(revision("a")) });
    const text = await proxy.ask(GET);
    expect(statuses(text)).toEqual(["503"]);
    expect(text).toEndWith("a does not accept connections\n");
  });

  test("closes an idle connection just as it is reused gets the request again if that is safe", async () => {
    for (const [method, status] of [
      ["GET", "200"],
      ["DELETE", "200"],
      ["POST", "503"],
      ["PATCH", "503"],
    ] as const) {
      using server = await RawServer.listen();
      using proxy = new TestProxy({ a: server.port }, { rule: forward(revision("a")) });
      const first = proxy.ask(GET);
      const upstream = await server.accept();
      await upstream.send(OK);
      await first;
      upstream.clear();
      const second = proxy.ask(request(`${method} /`, "connection: close"));
      await upstream.until("\r\n\r\n");
      upstream.fin();
      if (status === "200") await (await server.accept()).send(OK);
      expect(statuses(await second)).toEqual([status]);
      expect(proxy.served).toHaveLength(2);
    }
  });
});

describe("an answer that takes too long", () => {
  test.each([
    ["by the rule's timeout", { timeoutMs: 30 }, {}],
    ["by the revision's own limit", {}, { revisionTimeoutMs: 30 }],
    ["by the shorter of both", { timeoutMs: 60_000 }, { revisionTimeoutMs: 30 }],
    [
      "by the limit of an inner rule",
      {},
      { rule: forward(inner()), inner: forward(revision("a"), { timeoutMs: 30 }) },
    ],
  ])("%s gives 504, and the revision sees its connection end", async (_, action, options) => {
    using server = await RawServer.listen();
    using proxy = new TestProxy({ a: server.port }, { rule: forward(revision("a"), action), ...options });
    const answer = proxy.ask(GET);
    const upstream = await server.accept();
    const text = await answer;
    expect(statuses(text)).toEqual(["504"]);
    expect(text).toEndWith("the revision did not answer within 30 ms\n");
    await upstream.untilEnded();
    expect(proxy.served).toMatchObject([{ status: 504, complete: true }]);
  });

  test("has the changes that the rules make to answers", async () => {
    using server = await RawServer.listen();
    const response = { ...NO_CHANGE, set: [["x-rule", "yes"]] as const };
    using proxy = new TestProxy(
      { a: server.port },
      { rule: forward(revision("a", { response }), { timeoutMs: 10 }) },
    );
    expect(await proxy.ask(GET)).toContain("x-rule: yes\r\n");
  });

  test("is aborted within its body", async () => {
    using server = await RawServer.listen();
    using proxy = new TestProxy({ a: server.port }, { rule: forward(revision("a"), { timeoutMs: 500 }) });
    using client = await proxy.connect();
    await client.send(GET);
    const upstream = await server.accept();
    await upstream.send("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab");
    const { text } = await client.untilEnded();
    expect(text).toEndWith("\r\n\r\nab");
    await upstream.untilEnded();
    expect(proxy.served).toMatchObject([{ status: 200, complete: false }]);
  });

  test("is counted from the end of the request", async () => {
    using server = await RawServer.listen();
    using proxy = new TestProxy({ a: server.port }, { rule: forward(revision("a"), { timeoutMs: 40 }) });
    using client = await proxy.connect();
    await client.send(request("POST /", "content-length: 8"));
    const upstream = await server.accept();
    for (const letter of "abcdefgh") {
      await Bun.sleep(10);
      await client.send(letter);
    }
    await upstream.until("abcdefgh");
    expect(client.text).toBe("");
    await client.until("504");
  });

  test("is unlimited if none is set or a timer cannot wait so long", async () => {
    for (const timeoutMs of [undefined, 2 ** 31, Number.POSITIVE_INFINITY]) {
      using server = await RawServer.listen();
      using proxy = new TestProxy({ a: server.port }, { rule: forward(revision("a"), { timeoutMs }) });
      using client = await proxy.connect();
      await client.send(GET);
      const upstream = await server.accept();
      await Bun.sleep(20);
      await upstream.send(OK);
      expect(statuses((await client.untilEnded()).text)).toEqual(["200"]);
    }
  });
});
