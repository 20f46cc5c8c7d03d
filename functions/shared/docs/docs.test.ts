import { describe, expect, test } from "bun:test";
import { createApp } from "../../credit-check/app.ts";
import { withoutLists } from "../../credit-check/testing/contexts.ts";
import { variantOf } from "../../credit-check/variants.ts";
import { PAGE_FILES } from "./docs-page.ts";
import { fakeService, request } from "../testing/fakes.ts";

const app = createApp({
  ...fakeService().deps,
  variant: variantOf("basic"),
  revision: "credit-check-basic",
  context: withoutLists,
});
const ask = (path: string, headers: Record<string, string> = {}) => app.handle(request(path, { headers }));

describe("the Swagger UI", () => {
  test("is the target of the root", async () => {
    const response = await ask("/");
    expect([response.status, response.headers.get("location")]).toEqual([302, "/swagger"]);
  });

  test.each([
    ["/swagger", "text/html; charset=utf-8", 300],
    ["/swagger/json", "application/json", 2000],
    ["/swagger/page.js", "text/javascript; charset=utf-8", 200],
    ["/swagger/page.css", "text/css; charset=utf-8", 200],
    ["/swagger/swagger-ui.css", "text/css; charset=utf-8", 100_000],
    ["/swagger/swagger-ui-bundle.js", "text/javascript; charset=utf-8", 1_000_000],
    ["/swagger/favicon-32x32.png", "image/png", 500],
  ])("has %s as %s", async (path, type, atLeast) => {
    const response = await ask(path);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, type]);
    expect((await response.bytes()).length).toBeGreaterThan(atLeast);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(response.headers.get("referrer-policy")).toBe("no-referrer");
    expect(response.headers.get("content-security-policy")).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
  });

  test("is not sent again to a browser that has it", async () => {
    for (const path of ["/swagger/json", ...PAGE_FILES.map((file) => file.path)]) {
      const first = await ask(path);
      const etag = first.headers.get("etag") ?? "";
      expect([etag.length > 3, first.headers.get("cache-control")]).toEqual([true, "no-cache"]);
      for (const known of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
        const second = await ask(path, { "if-none-match": known });
        expect([second.status, await second.text()]).toEqual([304, ""]);
      }
      expect((await ask(path, { "if-none-match": '"other"' })).status).toBe(200);
    }
  });

  test.each([
    "index.html",
    "swagger-initializer.js",
    "package.json",
    "../package.json",
    "%2e%2e/package.json",
    "",
  ])("serves nothing else of its package: %p", async (name) =>
    expect((await ask(`/swagger/${name}`)).status).toBe(404),
  );

  test("names only its own address", async () => {
    for (const path of ["/swagger", "/swagger/page.js", "/swagger/page.css"]) {
      expect(await (await ask(path)).text()).not.toMatch(/https?:/);
    }
  });
});
