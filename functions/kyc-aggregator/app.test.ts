import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ADVANCED, aggregator, BASIC, FLAGS, mesh, PREFIXES } from "./testing/contract.ts";

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
  ])("%s with the split at %s answers exactly", async (query, split, body, revision) => {
    const response = await aggregator(mesh(split)).ask(`${prefix}${query}`);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/json"]);
    expect(await response.text()).toBe(body);
    expect(response.headers.get("x-kyc-revision")).toBe(revision);
    expect(response.headers.get("cache-control")).toBe("no-store");
  });

  test("forwards unknown keys of a version", async () => {
    const response = await aggregator(mesh("v3")).ask(prefix);
    expect(await response.text()).toBe(
      `{"type":"V3",${FLAGS},"backgroundCheckPass":true,"sanctioned":false}`,
    );
    expect(response.headers.get("x-kyc-revision")).toBe("credit-check-v3");
  });

  test("refuses other methods", async () => {
    const response = await aggregator(mesh("basic")).ask(prefix, { method: "PUT" });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS, POST"]);
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

  test("the root redirects to the Swagger UI", async () => {
    const response = await ask("/", { redirect: "manual" });
    expect([response.status, response.headers.get("location")]).toEqual([302, "/swagger"]);
  });

  test("a HEAD is a GET without its body", async () => {
    const response = await ask("/kyc/v1/customer", { method: "HEAD" });
    expect([response.status, response.headers.get("content-length")]).toEqual([200, String(ADVANCED.length)]);
    expect(response.headers.get("x-kyc-revision")).toBe("credit-check-advanced");
  });

  test("the host may be short, long or unknown", async () => {
    for (const host of ["a", "kyc", "kyc.example.com:8080"]) {
      expect((await ask("/kyc/v1/customer", { headers: { host } })).status).toBe(200);
    }
  });
});

describe("an applicant", () => {
  const applicant = { applicantId: "A-1", name: "Anna Maria Eriksson", nationality: "SE" };
  const post = (body: unknown) => ({
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", "end-user": "advanced" },
  });

  test.each([
    ["?type=basicReport", "/credit-check/basic"],
    ["?type=advancedReport", "/credit-check/advanced"],
    ["", "/credit-check/report"],
  ])("is forwarded unchanged, at %p to %s", async (query, path) => {
    const seen: { url: string; method: unknown; body: unknown; headers: Headers }[] = [];
    const { ask } = aggregator(async (url, init) => {
      seen.push({
        url: String(url),
        method: init?.method,
        body: init?.body,
        headers: new Headers(init?.headers),
      });
      return new Response('{"type":"BASIC","blackListed":true,"backgroundCheckPass":false}');
    });
    const response = await ask(`/kyc/v1/customer${query}`, post(applicant));
    expect(await response.text()).toBe(
      BASIC.replace('"blackListed":false', '"blackListed":true').replace("true}", "false}"),
    );
    expect(
      seen.map(({ url, method, body }) => [new URL(url).pathname, method, JSON.parse(String(body))]),
    ).toEqual([[path, "POST", applicant]]);
    expect(seen[0]?.headers.get("content-type")).toBe("application/json");
    expect(seen[0]?.headers.get("end-user")).toBe("advanced");
  });

  test("that does not match the schema is refused before the credit check is called", async () => {
    const { ask, text } = aggregator(() => Promise.reject(new Error("asked")));
    const response = await ask("/ingress/kyc/v1/customer", post({ applicantId: "A-1", name: 5 }));
    expect([response.status, response.headers.get("content-type")]).toEqual([
      422,
      "application/problem+json",
    ]);
    expect(await response.json()).toMatchObject({ errors: [{ path: "body/name" }] });
    expect(text()).not.toContain("A-1");
  });
});
