import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import fc from "fast-check";
import { createApp as createCreditCheck } from "../credit-check/app.ts";
import { variantOf } from "../credit-check/variants.ts";
import type { Fetch } from "../shared/exchange.ts";
import { fakeService, request } from "../shared/testing/fakes.ts";
import { createApp } from "./app.ts";
import { SENTENCES } from "./failure.ts";
import { KycError } from "./model.ts";

const FLAGS =
  '"blackListed":false,"restrictedNational":false,"suspiciousActivity":false,"interpolConductBad":false,"militaryTrained":false,"employmentBad":false,"creditUsageBad":false';
const BASIC = `{"type":"BASIC",${FLAGS},"backgroundCheckPass":true}`;
const ADVANCED = `{"type":"ADVANCED",${FLAGS},"backgroundCheckPass":true}`;
const PREFIXES = ["/kyc/v1/customer", "/ingress/kyc/v1/customer"];

/** The credit check of one variant, as a `fetch`. */
function creditCheck(name: string): (url: string, init?: RequestInit) => Promise<Response> {
  const deps = { ...fakeService().deps, variant: variantOf(name), revision: `credit-check-${name}` };
  const app = createCreditCheck(deps);
  return (url, init) => app.handle(new Request(url, init));
}

/** All variants behind one address: each at its own path, and `split` at the path they share. */
function mesh(split: string): Fetch {
  return (input, init) => {
    const path = new URL(String(input)).pathname.replace("/credit-check/", "");
    return creditCheck(path === "report" ? split : path)(String(input), init);
  };
}

function aggregator(fetch: Fetch, timeoutMs = 2000) {
  const fake = fakeService({ service: "kyc-aggregator", revision: "kyc-aggregator-00001" });
  const app = createApp({
    ...fake.deps,
    creditCheckOrigin: "http://credit-check.internal:8081",
    upstreamTimeoutMs: timeoutMs,
    fetch,
  });
  return { ...fake, app, ask: (path: string, init?: RequestInit) => app.handle(request(path, init)) };
}

describe.each(PREFIXES)("%s", (prefix) => {
  test.each([
    ["?type=basicReport", "advanced", BASIC, "credit-check-basic"],
    ["?type=advancedReport", "basic", ADVANCED, "credit-check-advanced"],
    ["", "basic", BASIC, "credit-check-basic"],
    ["", "advanced", ADVANCED, "credit-check-advanced"],
    ["?type=", "advanced", ADVANCED, "credit-check-advanced"],
    ["?type=basicreport", "advanced", ADVANCED, "credit-check-advanced"],
    ["?type=basicReport&type=basicReport", "advanced", ADVANCED, "credit-check-advanced"],
    ["?type[]=basicReport&__proto__=x", "advanced", ADVANCED, "credit-check-advanced"],
  ])("%s with the split at %s answers to the letter", async (query, split, body, revision) => {
    const response = await aggregator(mesh(split)).ask(`${prefix}${query}`);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/json"]);
    expect(await response.text()).toBe(body);
    expect(response.headers.get("x-kyc-revision")).toBe(revision);
    expect(response.headers.get("cache-control")).toBe("no-store");
  });

  test("passes on what a version says that it has never heard of", async () => {
    const response = await aggregator(mesh("v3")).ask(prefix);
    expect(await response.text()).toBe(
      `{"type":"V3",${FLAGS},"backgroundCheckPass":true,"sanctioned":false}`,
    );
    expect(response.headers.get("x-kyc-revision")).toBe("credit-check-v3");
  });

  test("takes no other method", async () => {
    const response = await aggregator(mesh("basic")).ask(prefix, { method: "POST" });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
  });
});

describe("over a socket", () => {
  const { app } = aggregator(mesh("advanced"));
  const ask = (path: string, init?: RequestInit) => fetch(new URL(path, app.server?.url), init);
  beforeAll(() => void app.listen({ hostname: "127.0.0.1", port: 0, reusePort: false, development: false }));
  afterAll(() => void app.server?.stop(true));

  test.each([
    ["/kyc/v1/customer?type=basicReport", BASIC],
    ["/ingress/kyc/v1/customer?type=advancedReport", ADVANCED],
    ["/kyc/v1/customer?type=a&type=b", ADVANCED],
  ])("%s answers the same", async (path, body) => expect(await (await ask(path)).text()).toBe(body));

  test("the root leads to the Swagger UI", async () => {
    const response = await ask("/", { redirect: "manual" });
    expect([response.status, response.headers.get("location")]).toEqual([302, "/swagger"]);
  });

  test("a HEAD is a GET without its body", async () => {
    const response = await ask("/kyc/v1/customer", { method: "HEAD" });
    expect([response.status, response.headers.get("content-length")]).toEqual([200, String(ADVANCED.length)]);
    expect(response.headers.get("x-kyc-revision")).toBe("credit-check-advanced");
  });

  test("the host may be short, long or none of ours", async () => {
    for (const host of ["a", "kyc", "kyc.example.com:8080"]) {
      expect((await ask("/kyc/v1/customer", { headers: { host } })).status).toBe(200);
    }
  });
});

describe("the nine keys", () => {
  const answering =
    (body: string): Fetch =>
    async () =>
      new Response(body);

  test("come in the contract's order, from the check where it has them, and before all others", async () => {
    const body =
      '{"z":[1,{"b":null}],"creditUsageBad":true,"backgroundCheckPass":false,"blackListed":true,"a":"ä","type":"X_1"}';
    const response = await aggregator(answering(body)).ask("/kyc/v1/customer");
    expect(await response.text()).toBe(
      '{"type":"X_1","blackListed":true,"restrictedNational":false,"suspiciousActivity":false,"interpolConductBad":false,"militaryTrained":false,"employmentBad":false,"creditUsageBad":true,"backgroundCheckPass":false,"z":[1,{"b":null}],"a":"ä"}',
    );
  });

  test("are never displaced or changed by keys that nobody knows", async () => {
    const unknown = fc.dictionary(
      fc.stringMatching(/^[A-Za-z_$][\w$]{0,12}$/),
      fc.jsonValue({ maxDepth: 2 }),
      { maxKeys: 6 },
    );
    await fc.assert(
      fc.asyncProperty(unknown, async (more) => {
        const known = JSON.parse(BASIC);
        const sent = JSON.stringify({ ...more, ...known });
        const response = await aggregator(answering(sent)).ask("/kyc/v1/customer");
        const body = await response.text();
        expect(body).toStartWith(BASIC.slice(0, -1));
        expect(JSON.parse(body)).toEqual(JSON.parse(sent));
      }),
      { numRuns: 50 },
    );
  });

  test.each([
    ['{"blackListed":false,"backgroundCheckPass":true}'],
    ['{"type":"","blackListed":false,"backgroundCheckPass":true}'],
    ['{"type":"basic","blackListed":false,"backgroundCheckPass":true}'],
    ['{"type":"BASIC","backgroundCheckPass":true}'],
    ['{"type":"BASIC","blackListed":"no","backgroundCheckPass":true}'],
    ['{"type":"BASIC","blackListed":false}'],
    ['{"type":"BASIC","blackListed":false,"backgroundCheckPass":true,"employmentBad":1}'],
    ["[]"],
    ["true"],
  ])("are not made up from %s", async (body) => {
    const { ask, lines } = aggregator(answering(body));
    expect(await (await ask("/kyc/v1/customer")).text()).toBe(failure(SENTENCES.wrong_shape));
    expect(lines()).toMatchObject([
      { level: "error", status: 500, upstream: { outcome: "wrong_shape", status: 200 } },
    ]);
  });
});

const failure = (sentence: string) =>
  `{"errorCode":"KYC-10001","errorMessage":"error occurred when processing KYC - ${sentence}","type":"KYC"}`;

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

  test.each(failures)("(%s) is the contract's error, and says nothing internal", async (outcome, fetch) => {
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
  });

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

  test("names no revision where none answered", async () => {
    const response = await aggregator(dead("ECONNREFUSED")).ask("/kyc/v1/customer");
    expect(response.headers.has("x-kyc-revision")).toBe(false);
  });

  test("of the aggregator's own making is the contract's error too", async () => {
    const { app, text } = aggregator(mesh("basic"));
    const broken = new Proxy(request("/kyc/v1/customer"), {
      get(target, key) {
        if (key === "signal") throw new Error("secret");
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const response = await app.handle(broken);
    expect([response.status, await response.text()]).toEqual([
      500,
      failure("something unforeseen went wrong"),
    ]);
    expect(text()).not.toContain("secret");
  });
});

describe("a caller who goes away", () => {
  test("is neither a failure of ours nor of the credit check", async () => {
    const caller = new AbortController();
    const { ask, lines } = aggregator((_url, init) => {
      caller.abort();
      return Promise.reject(init?.signal?.reason);
    });
    expect((await ask("/kyc/v1/customer", { signal: caller.signal })).status).toBe(499);
    expect(lines()).toMatchObject([{ level: "info", status: 499, upstream: { outcome: "aborted" } }]);
  });
});

test("no query, header or body gets into the log, whatever it is", async () => {
  const word = fc.stringMatching(/^[A-Za-z0-9]{8,20}$/).map((text) => `q${text}q`);
  await fc.assert(
    fc.asyncProperty(fc.array(word, { minLength: 6, maxLength: 6 }), fc.boolean(), async (words, works) => {
      const [type = "", name = "", header = "", cookie = "", answer = "", key = ""] = words;
      const body = { ...JSON.parse(BASIC), [key]: answer };
      const fetch: Fetch = async () => new Response(JSON.stringify(body), { status: works ? 200 : 500 });
      const { ask, text } = aggregator(fetch);
      const headers = { "end-user": header, cookie, "x-forwarded-for": header, baggage: cookie };
      await ask(`/kyc/v1/customer?type=${type}&${name}=${name}`, { headers });
      await ask(`/kyc/v1/customer/${name}?${type}`, { headers });
      await ask(`/kyc/v1/customer?${name}`, { method: "POST", headers, body: answer });
      for (const secret of words) expect(text()).not.toContain(secret);
    }),
    { numRuns: 30 },
  );
});
