import { describe, expect, test } from "bun:test";
import { problemOf, testService } from "../testing/test-service.ts";

describe("a request without a route", () => {
  test("is a 404 if the path is unknown", async () => {
    for (const path of ["/nothing", "/item/", "/Item", "/item/x", "//item", "/%69tem", "/*", "/:x"]) {
      const problem = await problemOf(await testService().ask(path));
      expect(problem).toEqual({
        type: "about:blank",
        title: "Not Found",
        status: 404,
        detail: "There is nothing at this path.",
        instance: "urn:kyc:request:id-1",
        requestId: "id-1",
      });
    }
  });

  test("is a 405 with the path's methods if the path is known", async () => {
    for (const method of ["POST", "PUT", "PATCH", "DELETE", "PROPFIND"]) {
      const response = await testService().ask("/item", { method });
      expect(response.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
      expect(await problemOf(response)).toMatchObject({
        status: 405,
        detail: "This path takes GET, HEAD, OPTIONS.",
      });
    }
    const response = await testService().ask("/echo");
    expect(response.headers.get("allow")).toBe("POST, OPTIONS");
    expect(response.status).toBe(405);
  });

  test("is answered with the methods if it is OPTIONS", async () => {
    const response = await testService().ask("/item", { method: "OPTIONS" });
    expect([response.status, response.headers.get("allow"), await response.text()]).toEqual([
      204,
      "GET, HEAD, OPTIONS",
      "",
    ]);
    expect((await testService().ask("/nothing", { method: "OPTIONS" })).status).toBe(404);
  });

  test("is answered like a GET, without a body, if it is HEAD", async () => {
    const response = await testService().ask("/item", { method: "HEAD" });
    expect([response.status, await response.text()]).toEqual([200, ""]);
    expect(response.headers.get("content-length")).toBe("15");
  });
});

describe("a request that fails", () => {
  test.each(["/throw", "/throw-later", "/throw-text", "/wrong"])(
    "at %s reveals nothing about the error",
    async (path) => {
      const { ask, text, lines } = testService();
      const response = await ask(path);
      const problem = await problemOf(response);
      expect(problem.detail).toBe("Something went wrong in the service.");
      expect(JSON.stringify([problem, [...response.headers]])).not.toContain("secret");
      expect(text()).not.toContain("secret");
      expect(lines().map((line) => [line["level"], line["msg"], line["status"]])).toEqual([
        ["error", "unexpected error", undefined],
        ["error", "request", 500],
      ]);
    },
  );

  test("is logged with the class, code and positions of its error", async () => {
    const { ask, lines } = testService();
    await ask("/throw");
    expect(lines()[0]).toMatchObject({ error: "TypeError", route: "/throw", requestId: "id-1" });
    expect(JSON.stringify(lines()[0]?.["at"])).toContain("shared/testing/test-service.ts:");
    await ask("/throw-later");
    expect(lines()[2]).toMatchObject({ error: "Error", code: "EBROKEN" });
  });

  test("has the contract's body if the contract has one, keys in order", async () => {
    const response = await testService().ask("/contract/fail");
    expect([response.status, response.headers.get("content-type")]).toEqual([500, "application/json"]);
    expect(await response.text()).toBe('{"b":"second","a":"first"}');
    expect(await (await testService().ask("/contract/throw")).text()).toBe('{"code":"T-1"}');
  });

  test("because of bad input names the fields, without values", async () => {
    const problem = await problemOf(await testService().ask("/number?n=secret"));
    expect(problem.status).toBe(422);
    expect(problem.errors).toEqual([{ path: "query/n", message: expect.stringContaining("Expected") }]);
    expect(JSON.stringify(problem)).not.toContain("secret");
  });

  test("because of a body that is not JSON is a 400", async () => {
    const headers = { "content-type": "application/json" };
    const problem = await problemOf(
      await testService().ask("/echo", { method: "POST", headers, body: "{secret" }),
    );
    expect(problem.status).toBe(400);
    expect(JSON.stringify(problem)).not.toContain("secret");
  });

  test("because the caller disconnected is a 499, not a failure of the service", async () => {
    const { ask, lines } = testService();
    expect((await problemOf(await ask("/gone"))).status).toBe(499);
    expect(lines()).toMatchObject([{ level: "info", msg: "request", status: 499 }]);
  });
});

describe("a body over 64 KB", () => {
  const big = "x".repeat(65_537);
  const stream = () => new Response(big).body;

  test.each(["/item", "/echo", "/nothing"])("is refused at %s where it is declared", async (path) => {
    const headers = { "content-length": String(big.length), "content-type": "text/plain" };
    const response = await testService().ask(path, { method: "POST", headers, body: big });
    expect(response.headers.get("connection")).toBe("close");
    expect((await problemOf(response)).detail).toBe("A request body may have at most 65536 bytes.");
    expect(response.status).toBe(413);
  });

  test("is refused if its length is not declared and there is no route", async () => {
    const headers = { "transfer-encoding": "chunked" };
    expect((await testService().ask("/item", { method: "POST", headers, body: stream() })).status).toBe(413);
  });

  test("of exactly 64 KB is accepted", async () => {
    const headers = { "content-length": "65536" };
    const response = await testService().ask("/item", { method: "POST", headers, body: big.slice(1) });
    expect(response.status).toBe(405);
  });
});
