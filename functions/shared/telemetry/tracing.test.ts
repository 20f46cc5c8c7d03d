import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { FORWARDED_HEADERS, forwardedHeaders, requestIdOf, traceIdOf } from "./tracing.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";

describe("headers to an upstream", () => {
  test("are exactly the listed ones", () => {
    expect([...FORWARDED_HEADERS].sort()).toEqual([
      "b3",
      "baggage",
      "end-user",
      "traceparent",
      "tracestate",
      "x-b3-flags",
      "x-b3-parentspanid",
      "x-b3-sampled",
      "x-b3-spanid",
      "x-b3-traceid",
      "x-request-id",
    ]);
    const inbound = new Headers(FORWARDED_HEADERS.map((name) => [name, `value of ${name}`]));
    const { "x-request-id": id, ...others } = forwardedHeaders(inbound, "mine");
    expect(id).toBe("mine");
    for (const [name, value] of Object.entries(others)) expect(value).toBe(`value of ${name}`);
    expect(Object.keys(others)).toHaveLength(FORWARDED_HEADERS.length - 1);
  });

  test("are never more than the listed ones, for any request", () => {
    const name = fc.oneof(
      fc.constantFrom(
        ...FORWARDED_HEADERS,
        "cookie",
        "authorization",
        "x-b3-other",
        "x-forwarded-for",
        "host",
      ),
      fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/),
    );
    const value = fc.stringMatching(/^[!-~]{1,30}$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value)), (entries) => {
        const inbound = new Headers(entries);
        const outbound = forwardedHeaders(inbound, "mine");
        for (const [key, text] of Object.entries(outbound)) {
          expect(FORWARDED_HEADERS.some((known) => known === key)).toBe(true);
          expect(text).toBe(key === "x-request-id" ? "mine" : (inbound.get(key) ?? "none"));
        }
      }),
    );
  });
});

describe("tracing headers of more than 8 KB", () => {
  const forwarded = (headers: Record<string, string>): string[] =>
    Object.keys(forwardedHeaders(new Headers(headers), "mine")).sort();

  test("are dropped completely, the baggage first, and never the pin", () => {
    const traceparent = `00-${TRACE}-b7ad6b7169203331-01`;
    const tracing = { traceparent, tracestate: "a=b", "end-user": "basic" };
    const all = ["baggage", "end-user", "traceparent", "tracestate", "x-request-id"];
    expect(forwarded({ ...tracing, baggage: "b".repeat(8000) })).toEqual(all);
    expect(forwarded({ ...tracing, baggage: "b".repeat(8192) })).toEqual(all.slice(1));
    expect(forwarded({ tracestate: "x".repeat(8193), baggage: "b".repeat(8192) })).toEqual([
      "baggage",
      "x-request-id",
    ]);
  });

  test("never exceed it in total, for any request", () => {
    const name = fc.constantFrom(...FORWARDED_HEADERS.filter((known) => known !== "end-user"));
    const entries = fc.array(fc.tuple(name, fc.integer({ min: 1, max: 9000 })));
    fc.assert(
      fc.property(entries, (given) => {
        const headers = new Headers(given.map(([key, length]) => [key, "x".repeat(length)]));
        const { "x-request-id": _, ...tracing } = forwardedHeaders(headers, "mine");
        expect(Object.values(tracing).join("").length).toBeLessThanOrEqual(8192);
      }),
    );
  });
});

describe("a request's id", () => {
  test.each(["a", "A-b_c.9", "x".repeat(128)])("is the caller's where that is %p", (id) =>
    expect(requestIdOf(new Headers({ "x-request-id": id }), () => "new")).toBe(id),
  );

  test.each(["", " ", "a b", "a,b", "x".repeat(129), '"quoted"', "ä", "a/b", "{}"])(
    "is a new one if the caller's is %p",
    (id) => expect(requestIdOf(new Headers({ "x-request-id": id }), () => "new")).toBe("new"),
  );

  test("is a new one if the caller sends none", () => {
    expect(requestIdOf(new Headers(), () => "new")).toBe("new");
  });
});

describe("a request's trace", () => {
  test.each([
    [{ traceparent: `00-${TRACE}-b7ad6b7169203331-01` }, TRACE],
    [{ "x-b3-traceid": TRACE }, TRACE],
    [{ "x-b3-traceid": "463ac35c9f6413ad" }, "463ac35c9f6413ad"],
    [{ b3: `${TRACE}-e457b5a2e4d86bd1-1` }, TRACE],
    [{ traceparent: `00-${TRACE}-b7ad6b7169203331-01`, b3: "463ac35c9f6413ad-0-1" }, TRACE],
    [{ traceparent: "00-bad", "x-b3-traceid": TRACE }, TRACE],
  ])("is known from %p", (headers, trace) => expect(traceIdOf(new Headers(headers))).toBe(trace));

  test.each([
    {},
    { traceparent: `00-${"0".repeat(32)}-b7ad6b7169203331-01` },
    { traceparent: "a name" },
    { b3: "0" },
    { "x-b3-traceid": "not hex at all!!" },
    { "x-b3-traceid": `${TRACE}00` },
  ])("is unknown from %p", (headers) => expect(traceIdOf(new Headers(headers))).toBeUndefined());
});
