import { describe, expect, test } from "bun:test";
import { TestServer } from "../testing/test-server.ts";
import { EventStreams } from "./event-stream.ts";
import type { ServedEvent } from "./event-schema.ts";

const REQUEST = "GET /_mesh/events HTTP/1.1\r\nHost: localhost\r\n\r\n";

function event(t: number, path = "/"): ServedEvent {
  return {
    t,
    listener: "mesh",
    namespace: "kyc",
    service: "credit-check",
    revision: "credit-check-basic",
    method: "GET",
    path,
    status: 200,
    ms: 1,
    cold: false,
    fault: false,
    requestId: "id",
    broken: null,
    route: "a.yaml:1",
    split: null,
  };
}

/** Parses the lines of a chunked answer. */
function linesOf(answer: string): Record<string, unknown>[] {
  let rest = answer.slice(answer.indexOf("\r\n\r\n") + 4);
  let body = "";
  for (let size = Number.parseInt(rest, 16); size > 0; size = Number.parseInt(rest, 16)) {
    const start = rest.indexOf("\r\n") + 2;
    body += rest.slice(start, start + size);
    rest = rest.slice(start + size + 2);
  }
  return body
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe("a stream of events", () => {
  test("has a line for each, from the moment its head is sent", async () => {
    const streams = new EventStreams(() => 7);
    using server = new TestServer((exchange) => streams.open(exchange));
    using client = await server.connect();
    await client.send(REQUEST);
    expect(await client.until("\r\n\r\n")).toContain("content-type: application/x-ndjson");
    streams.tell(event(1));
    streams.tell(event(2));
    await client.until('"t":2');
    expect(linesOf(client.text)).toEqual([{ ...event(1) }, { ...event(2) }]);
  });

  test("ends with a line that has the reason", async () => {
    const streams = new EventStreams(() => 7);
    using server = new TestServer((exchange) => streams.open(exchange));
    using client = await server.connect();
    await client.send(REQUEST);
    await client.until("\r\n\r\n");
    streams.tell(event(1));
    streams.close("the mesh ends");
    await client.until("0\r\n\r\n");
    expect(linesOf(client.text)).toEqual([{ ...event(1) }, { t: 7, end: "the mesh ends" }]);
    expect(streams.any).toBe(false);
  });

  test("tells a slow client that it loses lines, and does not delay others", async () => {
    const streams = new EventStreams(() => 7);
    using server = new TestServer((exchange) => streams.open(exchange));
    using slow = await server.connect();
    using quick = await server.connect();
    for (const client of [slow, quick]) {
      await client.send(REQUEST);
      await client.until("\r\n\r\n");
    }
    slow.pause();
    const long = `/${"x".repeat(1000)}`;
    let told = 0;
    // More than the buffers of kernel and stream hold; the fast client reads meanwhile.
    while (told < 20_000) {
      for (let i = 0; i < 500; i++) streams.tell(event(++told, long));
      await quick.until(`"t":${told},`);
      quick.clear();
    }
    slow.resume();
    await slow.until("0\r\n\r\n");
    const lines = linesOf(slow.text);
    const last = lines.pop();
    expect(last?.["end"]).toContain("behind");
    expect(lines.length).toBeGreaterThan(100);
    expect(lines.map(({ t }) => t)).toEqual(lines.map((_, i) => i + 1));
    streams.tell(event(++told));
    await quick.until(`"t":${told},`);
  });

  test("of a disconnected client is removed", async () => {
    const streams = new EventStreams(() => 7);
    using server = new TestServer((exchange) => streams.open(exchange));
    const client = await server.connect();
    await client.send(REQUEST);
    await client.until("\r\n\r\n");
    expect(streams.any).toBe(true);
    client.reset();
    const giveUpAt = performance.now() + 5000;
    while (streams.any && performance.now() < giveUpAt) await Bun.sleep(1);
    expect(streams.any).toBe(false);
  });

  test("does not prevent the mesh from ending if its client does not read", async () => {
    const streams = new EventStreams(() => 7);
    using server = new TestServer((exchange) => streams.open(exchange));
    using client = await server.connect();
    await client.send(REQUEST);
    await client.until("\r\n\r\n");
    client.pause();
    const long = `/${"x".repeat(100_000)}`;
    for (let i = 0; i < 200; i++) {
      streams.tell(event(i, long));
      if (i % 8 === 0) await Bun.sleep(25);
    }
    streams.close("the mesh ends");
    await server.http.stop();
    expect(streams.any).toBe(false);
  });
});
