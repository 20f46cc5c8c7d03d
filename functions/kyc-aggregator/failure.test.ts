import { describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import type { Fetch } from "../shared/upstream/exchange.ts";
import { request } from "../shared/testing/fakes.ts";
import { SENTENCES } from "./failure.ts";
import { KycError } from "./model.ts";
import { aggregator, failure, mesh, PREFIXES } from "./testing/contract.ts";

describe("a failure behind the aggregator", () => {
  const dead =
    (code: string): Fetch =>
    () =>
      Promise.reject(Object.assign(new TypeError("http://credit-check.internal:8081 secret"), { code }));
  const status =
    (code: number): Fetch =>
    async () =>
      new Response("<html>10.0.0.7 secret</html>", {
        status: code,
        headers: { "x-kyc-revision": "credit-check-basic" },
      });
  const never: Fetch = (_url, init) =>
    new Promise((_resolve, reject) =>
      init?.signal?.addEventListener("abort", () => reject(init.signal?.reason)),
    );

  const failures: [keyof typeof SENTENCES, Fetch][] = [
    ["refused", dead("ECONNREFUSED")],
    ["reset", dead("ECONNRESET")],
    ["unreachable", dead("ENOTFOUND")],
    ["timeout", never],
    ["client_error", status(404)],
    ["server_error", status(500)],
    ["server_error", status(503)],
    ["not_json", status(200)],
    ["too_large", async () => new Response("x".repeat(65_537))],
  ];

  test.each(failures)(
    "(%s) is the contract's error, and reveals nothing internal",
    async (outcome, fetch) => {
      const { ask, lines, text } = aggregator(fetch, 20);
      for (const prefix of PREFIXES) {
        const response = await ask(prefix);
        expect([response.status, response.headers.get("content-type")]).toEqual([500, "application/json"]);
        const body = await response.text();
        expect(body).toBe(failure(SENTENCES[outcome]));
        expect(Value.Check(KycError, JSON.parse(body))).toBe(true);
      }
      expect(lines()).toMatchObject(
        PREFIXES.map((route) => ({
          level: "error",
          msg: "request",
          route,
          status: 500,
          upstream: { outcome },
        })),
      );
      expect(text()).not.toMatch(/secret|internal|10\.0\.0\.7/);
    },
  );

  test("has a sentence of its own, without an address", () => {
    const sentences = Object.values(SENTENCES);
    expect(new Set(sentences).size).toBe(sentences.length);
    for (const sentence of sentences) expect(sentence).toMatch(/^[a-z ]{20,80}$/);
  });

  test("is still attributed to the revision that failed", async () => {
    const { ask, lines, deps } = aggregator(status(503));
    const response = await ask("/kyc/v1/customer");
    expect(response.headers.get("x-kyc-revision")).toBe("credit-check-basic");
    expect(lines()).toMatchObject([{ upstream: { revision: "credit-check-basic", status: 503 } }]);
    expect(await deps.metrics.text()).toContain(
      'http_client_request_duration_seconds_count{upstream="credit-check",revision="credit-check-basic",outcome="server_error"} 1',
    );
  });

  test("names no revision if none answered", async () => {
    const response = await aggregator(dead("ECONNREFUSED")).ask("/kyc/v1/customer");
    expect(response.headers.has("x-kyc-revision")).toBe(false);
  });

  test("of the aggregator itself is the contract's error too", async () => {
    const { app, text } = aggregator(mesh("basic"));
    const broken = new Proxy(request("/kyc/v1/customer"), {
      get(target, key) {
        if (key === "signal") throw new Error("secret");
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const response = await app.handle(broken);
    expect([response.status, await response.text()]).toEqual([500, failure("an unexpected error occurred")]);
    expect(text()).not.toContain("secret");
  });
});

describe("a caller that closes the connection", () => {
  test("is a failure neither of the aggregator nor of the credit check", async () => {
    const caller = new AbortController();
    const { ask, lines } = aggregator((_url, init) => {
      caller.abort();
      return Promise.reject(init?.signal?.reason);
    });
    expect((await ask("/kyc/v1/customer", { signal: caller.signal })).status).toBe(499);
    expect(lines()).toMatchObject([{ level: "info", status: 499, upstream: { outcome: "aborted" } }]);
  });
});
