import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { randomId, readTraceparent, traceparentOf } from "./trace-context.ts";
import { createTracer, type FinishedSpan } from "./tracer.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const CALLER = "b7ad6b7169203331";

function tracer(sampled = true) {
  const finished: FinishedSpan[] = [];
  let time = 0;
  const made = createTracer({
    sampler: (_, parent) => parent?.sampled ?? sampled,
    export: (span) => finished.push(span),
    now: () => time++,
  });
  return { made, finished };
}
const END = { name: "GET /", failed: false, attributes: {} };

test("any traceparent that is written is read as it was", () => {
  const hex = (bytes: 8 | 16) => fc.constant(0).map(() => randomId(bytes));
  fc.assert(
    fc.property(fc.record({ traceId: hex(16), spanId: hex(8), sampled: fc.boolean() }), (context) => {
      expect(readTraceparent(traceparentOf(context))).toEqual(context);
    }),
  );
});

test.each([
  null,
  "",
  `00-${TRACE}-${CALLER}`,
  `00-${"0".repeat(32)}-${CALLER}-01`,
  `00-${TRACE}-${"0".repeat(16)}-01`,
  `00-${TRACE.toUpperCase()}-${CALLER}-01`,
  `00-${TRACE}-${CALLER}-01-more`,
  `ff-${TRACE}-${CALLER}-01`,
])("%p is no traceparent", (text) => {
  expect(readTraceparent(text)).toBeUndefined();
});

test("a later version is read as far as it is known", () => {
  expect(readTraceparent(`01-${TRACE}-${CALLER}-09-more`)).toEqual({
    traceId: TRACE,
    spanId: CALLER,
    sampled: true,
  });
});

describe("a span", () => {
  test("continues its caller's trace, and its call to another service is its child", () => {
    const { made, finished } = tracer();
    const span = made.server(`00-${TRACE}-${CALLER}-01`, "vendor=1");
    const child = span.child();
    expect(child.traceparent).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`));
    child.end(END);
    span.end({ ...END, failed: true });
    span.end(END);
    const [call, request] = finished;
    expect(finished).toHaveLength(2);
    expect(request).toMatchObject({ kind: "server", parentSpanId: CALLER, remoteParent: true, failed: true });
    expect(call).toMatchObject({ kind: "client", parentSpanId: request?.spanId, remoteParent: false });
    expect([request?.startMs, call?.startMs, call?.endMs, request?.endMs]).toEqual([0, 1, 2, 3]);
    expect([request?.tracestate, call?.tracestate]).toEqual(["vendor=1", "vendor=1"]);
  });

  test("begins a trace if no caller names one, and drops a state that belongs to none", () => {
    const { made, finished } = tracer();
    const span = made.server("nonsense", "vendor=1");
    span.end(END);
    expect(span.root).toBe(true);
    expect(finished[0]).toMatchObject({
      parentSpanId: undefined,
      tracestate: undefined,
      traceId: span.traceId,
    });
  });

  test("that is not sampled is not exported, and says so to what it calls", () => {
    const { made, finished } = tracer(false);
    const span = made.server(undefined, undefined);
    expect(span.child().traceparent).toEndWith("-00");
    span.end(END);
    expect(finished).toEqual([]);
  });
});
