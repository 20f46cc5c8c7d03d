import { describe, expect, test } from "bun:test";
import { NO_CHANGE } from "../../route-fields/headers/header-list.ts";
import type { Fault } from "../../traffic/table.ts";
import { answering, answeringInTurn, OK } from "../testing/fake-upstream.ts";
import { request, statuses } from "../testing/test-server.ts";
import { direct, forward, inner, retrying, revision, TestProxy } from "../testing/test-proxy.ts";

const GET = request("GET /", "connection: close");

function abort(status: number, percent = 100): { fault: Fault } {
  return { fault: { delay: undefined, abort: { percent, status } } };
}

function delay(ms: number, percent = 100): { fault: Fault } {
  return { fault: { delay: { percent, ms }, abort: undefined } };
}

describe("an abort", () => {
  test("replaces the response of the revision", async () => {
    using server = await answering(OK);
    using proxy = new TestProxy({ a: server.port }, { rule: forward(revision("a"), abort(418)) });
    const text = await proxy.ask(GET);
    expect(text).toStartWith("HTTP/1.1 418 I'm a Teapot\r\n");
    expect(text).toEndWith("\r\n\r\nfault filter abort");
    expect(server.count).toBe(0);
    expect(proxy.served).toMatchObject([{ status: 418, complete: true, revision: undefined }]);
  });

  test("is retried by the rule before it, never by its own", async () => {
    using server = await answering(OK);
    // Random draws: abort, wait before the retry, abort.
    const draws = [0, 0, 0.9];
    using proxy = new TestProxy(
      { a: server.port },
      {
        rule: forward(inner(), retrying(1, ["503"])),
        inner: forward(revision("a"), { ...abort(503, 50), ...retrying(5, ["503"]) }),
        random: () => draws.shift() ?? 0,
      },
    );
    expect(statuses(await proxy.ask(GET))).toEqual(["200"]);
    expect(draws).toEqual([]);
    expect(proxy.served).toMatchObject([{ status: 200, revision: "a" }]);
  });
});

describe("a delay", () => {
  test("holds the request, with its body, before it is sent", async () => {
    using server = await answering(OK);
    using proxy = new TestProxy({ a: server.port }, { rule: forward(revision("a"), delay(60)) });
    using client = await proxy.connect();
    const before = performance.now();
    await client.send(request("POST /", "content-length: 5") + "hello");
    await Bun.sleep(20);
    expect(server.count).toBe(0);
    expect(await client.until("ok")).toStartWith("HTTP/1.1 200");
    expect(performance.now() - before).toBeGreaterThanOrEqual(59);
    const upstream = await server.accept();
    expect(upstream.text).toBe("");
  });

  test("comes before an abort", async () => {
    const fault = { delay: { percent: 100, ms: 50 }, abort: { percent: 100, status: 500 } };
    using proxy = new TestProxy({}, { rule: forward(revision("a"), { fault }) });
    const before = performance.now();
    expect(statuses(await proxy.ask(GET))).toEqual(["500"]);
    expect(performance.now() - before).toBeGreaterThanOrEqual(49);
  });

  test("does not count for the timeout of its own rule", async () => {
    using server = await answering(OK);
    using proxy = new TestProxy(
      { a: server.port },
      { rule: forward(revision("a"), { ...delay(600), timeoutMs: 500 }) },
    );
    expect(statuses(await proxy.ask(GET))).toEqual(["200"]);
  });

  test("counts for the timeout of the rule before it", async () => {
    using server = await answering(OK);
    using proxy = new TestProxy(
      { a: server.port },
      { rule: forward(inner(), { timeoutMs: 30 }), inner: forward(revision("a"), delay(5_000)) },
    );
    expect(statuses(await proxy.ask(GET))).toEqual(["504"]);
    expect(server.count).toBe(0);
  });

  test("ends when the client closes the connection", async () => {
    using server = await answering(OK);
    using proxy = new TestProxy({ a: server.port }, { rule: forward(revision("a"), delay(50)) });
    using client = await proxy.connect();
    await client.send(request("GET /"));
    await Bun.sleep(10);
    client.reset();
    expect(await proxy.untilServed()).toMatchObject([{ complete: false, brokenBy: "client", status: 0 }]);
    await Bun.sleep(70);
    expect(server.count).toBe(0);
  });

  test("is not repeated when the rule retries the request", async () => {
    using server = await answeringInTurn(
      "HTTP/1.1 503 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
      OK,
    );
    // Random draws: delay, wait before the retry.
    const draws = [0, 0];
    using proxy = new TestProxy(
      { a: server.port },
      {
        rule: forward(revision("a"), { ...delay(20, 50), ...retrying(1, ["503"]) }),
        random: () => draws.shift() ?? expect.unreachable(),
      },
    );
    expect(statuses(await proxy.ask(GET))).toEqual(["200"]);
    expect(server.count).toBe(2);
  });
});

describe("a direct response", () => {
  const response = { ...NO_CHANGE, set: [["x-rule", "yes"]] as const };

  test("is sent byte for byte", async () => {
    const body = Buffer.from([0, 255, 10]);
    using proxy = new TestProxy({}, { rule: direct({ status: 203, body, response }) });
    const text = await proxy.ask(GET);
    expect(text).toStartWith("HTTP/1.1 203 ");
    expect(text).toContain("\r\nx-rule: yes\r\n");
    expect(text).toContain("\r\ncontent-length: 3\r\n");
    expect(text).toEndWith("\r\n\r\n\0\xff\n");
  });

  test("has its length but not its body for HEAD", async () => {
    using proxy = new TestProxy({}, { rule: direct({ body: Buffer.from("hello") }) });
    const text = await proxy.ask(request("HEAD /", "connection: close"));
    expect(text).toContain("\r\ncontent-length: 5\r\n");
    expect(text).toEndWith("\r\n\r\n");
  });

  test("may be empty", async () => {
    using proxy = new TestProxy({}, { rule: direct({ status: 503 }) });
    expect(await proxy.ask(GET)).toBe(
      "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    );
  });

  test("is a response to the rule before it, which may retry the request", async () => {
    using proxy = new TestProxy(
      {},
      { rule: forward(inner(), retrying(2, ["503"])), inner: direct({ status: 503, response }) },
    );
    const text = await proxy.ask(GET);
    expect(statuses(text)).toEqual(["503"]);
    expect(text).toContain("x-rule: yes");
  });
});
