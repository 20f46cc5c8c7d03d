import { expect, test } from "bun:test";
import { createLog } from "../telemetry/log.ts";
import type { PostAnswer } from "./post.ts";
import { createSpanExporter } from "./span-exporter.ts";
import type { FinishedSpan } from "./tracer.ts";

const SPAN: FinishedSpan = {
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  parentSpanId: undefined,
  remoteParent: false,
  tracestate: undefined,
  kind: "server",
  startMs: 1_764_363_888_123.456,
  endMs: 1_764_363_888_124,
  name: "GET /item",
  failed: false,
  attributes: {},
};
const TAKEN: PostAnswer = { status: 200, text: "{}", retryAfterMs: undefined };
const DOWN: PostAnswer = { status: 0, text: "ECONNREFUSED", retryAfterMs: undefined };

/** An exporter whose collector gives these answers in order, then accepts everything. */
function exporter(
  answers: PostAnswer[],
  given: { maxQueue?: number; maxBatch?: number; giveUpMs?: number } = {},
) {
  const batches: number[] = [];
  const bodies: string[] = [];
  const messages: string[] = [];
  const options = { delayMs: 3_600_000, giveUpMs: 10_000, maxQueue: 10, maxBatch: 4, resource: {}, ...given };
  const write = (line: () => string) => void messages.push(JSON.parse(line()).msg);
  const log = createLog({ service: "test", revision: "test-1", now: Date.now, write });
  const post = async (body: string) => {
    bodies.push(body);
    batches.push(JSON.parse(body).resourceSpans[0].scopeSpans[0].spans.length);
    return answers.shift() ?? TAKEN;
  };
  const made = createSpanExporter({ ...options, post, log });
  const add = (count: number) => Array.from({ length: count }, () => made.add(SPAN));
  return { made, add, batches, bodies, messages };
}

test("a full batch is sent at once, and the rest at the flush", async () => {
  const { made, add, batches, bodies } = exporter([]);
  add(3);
  await Bun.sleep(1);
  expect(batches).toEqual([]);
  add(6);
  await made.flush();
  expect(batches).toEqual([4, 4, 1]);
  expect(made.exported).toBe(9);
  expect(JSON.parse(bodies[2] ?? "").resourceSpans[0].scopeSpans[0].spans[0]).toMatchObject({
    startTimeUnixNano: "1764363888123456000",
    endTimeUnixNano: "1764363888124000000",
    status: {},
  });
});

test("spans that do not fit into the queue are dropped and counted", async () => {
  const { made, add } = exporter([], { maxQueue: 5, maxBatch: 5 });
  add(12);
  await made.flush();
  // The first five are being sent while the next five wait.
  expect([made.exported, made.dropped.queue_full]).toEqual([10, 2]);
});

test("a batch is sent again after a temporary failure, when the collector requests it", async () => {
  const busy = { status: 503, text: "status 503", retryAfterMs: 2 };
  const { made, add, batches, messages } = exporter([busy, busy]);
  add(4);
  while (made.exported === 0) await Bun.sleep(1);
  expect(batches).toEqual([4, 4, 4]);
  expect(messages).toEqual(["spans are not exported", "spans are exported again"]);
});

test.each([
  ["an answer that stays", { status: 400, text: "status 400", retryAfterMs: undefined }, 10_000],
  [
    "an answer that asks for more time than there is",
    { status: 429, text: "", retryAfterMs: 20_000 },
    10_000,
  ],
  ["no answer, and no time left", DOWN, 0],
])("a batch is given up after %s, and the loss logged once", async (_, answer, giveUpMs) => {
  const { made, add, batches, messages } = exporter([answer, answer], { giveUpMs });
  add(8);
  while (made.dropped.not_exported < 8) await Bun.sleep(1);
  expect([made.exported, batches]).toEqual([0, [4, 4]]);
  expect(messages).toEqual(["spans are not exported"]);
});

test("a flush ends the wait for a collector that is down, and tries each batch once", async () => {
  const { made, add, batches } = exporter([DOWN, DOWN, DOWN]);
  add(6);
  await Bun.sleep(1);
  const startedAt = performance.now();
  await made.flush();
  expect(performance.now() - startedAt).toBeLessThan(400);
  expect([batches, made.dropped.not_exported]).toEqual([[4, 4, 2], 6]);
});

test("spans that the collector refuses are counted as such", async () => {
  const partial = { ...TAKEN, text: '{"partialSuccess":{"rejectedSpans":"3","errorMessage":"no"}}' };
  const { made, add } = exporter([partial, { ...TAKEN, text: "not JSON" }]);
  add(8);
  await made.flush();
  expect([made.exported, made.dropped.rejected]).toEqual([5, 3]);
});
