import { describe, expect, test } from "bun:test";
import type { Mirror } from "../../traffic/table.ts";
import { answering, answeringInTurn, OK } from "../testing/fake-upstream.ts";
import { request, statuses } from "../testing/test-server.ts";
import { forward, inner, retrying, revision, TestProxy } from "../testing/test-proxy.ts";
import { StrictServer } from "../testing/strict-server.ts";
import { until } from "../testing/test-system.ts";
import { RawServer, untilSteady } from "../testing/raw-socket.ts";

const GET = request("GET /a?b", "connection: close");
const BAD = "HTTP/1.1 503 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

function mirror(to: string, percent = 100): { mirrors: Mirror[] } {
  const { host, port, backend } = revision(to);
  return { mirrors: [{ host, port, subset: undefined, percent, backend }] };
}

describe("a mirror", () => {
  test("gets a copy of the forwarded request, and the client gets only the revision's response", async () => {
    using server = await answering(OK);
    using copies = await RawServer.listen();
    using proxy = new TestProxy(
      { a: server.port, b: copies.port },
      { rule: forward(revision("a", { authority: "new.test:81" }), mirror("b")) },
    );
    const asked = proxy.ask(GET);
    using copy = await copies.accept();
    const head = await copy.until("\r\n\r\n");
    expect(head).toStartWith("GET /a?b HTTP/1.1\r\nhost: new.test:81\r\n");
    expect(head).toContain("x-request-id: fresh-id\r\n");
    // The mirror may behave in any way.
    expect(statuses(await asked)).toEqual(["200"]);
    await copy.send("HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n");
    expect(proxy.served).toMatchObject([{ status: 200, revision: "a" }]);
    await proxy.stop();
    expect(proxy.served).toHaveLength(1);
  });

  test("gets the body as it arrives", async () => {
    using server = await RawServer.listen();
    using copies = await RawServer.listen();
    using proxy = new TestProxy(
      { a: server.port, b: copies.port },
      { rule: forward(revision("a"), mirror("b")) },
    );
    using client = await proxy.connect();
    await client.send(request("POST /", "transfer-encoding: chunked") + "3\r\nabc\r\n");
    using first = await server.accept();
    using copy = await copies.accept();
    await copy.until("3\r\nabc\r\n");
    await first.until("3\r\nabc\r\n");
    await client.send("2\r\nde\r\n0\r\n\r\n");
    expect(await copy.until("0\r\n\r\n")).toEndWith("\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    await first.until("0\r\n\r\n");
  });

  test("that does not read the body does not delay the request", async () => {
    using server = await RawServer.listen();
    using copies = await RawServer.listen((socket) => socket.pause());
    using proxy = new TestProxy(
      { a: server.port, b: copies.port },
      { rule: forward(revision("a"), mirror("b")) },
    );
    using client = await proxy.connect();
    const bytes = 24 * 1024 * 1024;
    void client.send(request("POST /", `content-length: ${bytes}`));
    void client.send(Buffer.alloc(bytes, "x"));
    using upstream = await server.accept();
    await upstream.untilBytes(bytes);
    await upstream.send(OK);
    expect(await client.until("ok")).toStartWith("HTTP/1.1 200");
  });

  test("is aborted when the client closes the connection within the body", async () => {
    using server = await RawServer.listen();
    using copies = await RawServer.listen();
    using proxy = new TestProxy(
      { a: server.port, b: copies.port },
      { rule: forward(revision("a"), mirror("b")) },
    );
    using client = await proxy.connect();
    await client.send(request("POST /", "content-length: 50") + "abc");
    using copy = await copies.accept();
    await copy.until("abc");
    client.reset();
    await copy.untilEnded();
  });

  test("whose connection is refused has no effect", async () => {
    using server = await answering(OK);
    const gone = await RawServer.listen();
    const { port } = gone;
    gone[Symbol.dispose]();
    using proxy = new TestProxy({ a: server.port, b: port }, { rule: forward(revision("a"), mirror("b")) });
    expect(statuses(await proxy.ask(GET))).toEqual(["200"]);
    expect(proxy.served).toMatchObject([{ status: 200 }]);
  });

  test("gets its percentage of the requests", async () => {
    using server = await answering(OK);
    using copies = await StrictServer.listen();
    const draws = [0.29, 0.3, 0.31, 0];
    using proxy = new TestProxy(
      { a: server.port, b: copies.port },
      { rule: forward(revision("a"), mirror("b", 30)), random: () => draws.shift() ?? 1 },
    );
    const client = await proxy.connect();
    for (let i = 1; i <= 4; i++) {
      await client.send(request(`GET /${i}`));
      await client.untilBytes(i * OK.length);
    }
    expect(draws).toEqual([]);
    await until("the copies came", () => copies.seen.length === 2);
    expect(copies.seen.toSorted()).toEqual(["GET /1", "GET /4"]);
    client[Symbol.dispose]();
  });

  test("gets one copy for all retries of a request", async () => {
    using server = await answeringInTurn(BAD, BAD, OK);
    using copies = await answeringInTurn(BAD);
    using proxy = new TestProxy(
      { a: server.port, b: copies.port },
      { rule: forward(revision("a"), { ...mirror("b"), ...retrying(2, ["503"]) }) },
    );
    expect(statuses(await proxy.ask(GET))).toEqual(["200"]);
    expect(server.count).toBe(3);
    expect(await untilSteady(() => copies.count)).toBe(1);
  });

  test("behind a rule that retries gets a copy of each try", async () => {
    using server = await answeringInTurn(BAD, OK);
    using copies = await answeringInTurn(BAD);
    using proxy = new TestProxy(
      { a: server.port, b: copies.port },
      { rule: forward(inner(), retrying(1, ["503"])), inner: forward(revision("a"), mirror("b")) },
    );
    expect(statuses(await proxy.ask(GET))).toEqual(["200"]);
    expect(await untilSteady(() => copies.count)).toBe(2);
  });
});
