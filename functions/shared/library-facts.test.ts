import { afterEach, describe, expect, test } from "bun:test";
import { swagger } from "@elysiajs/swagger";
import { Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { Elysia, t, ValidationError } from "elysia";
import { createFetch } from "ofetch";
import { exchangeBytes, tcpServer, type TcpServer } from "./testing/sockets.ts";

// Behaviour of the pinned versions that the services rely on, or work around. If a test fails after an upgrade, the code
// that it names can be simplified or must be changed.

const request = (path: string) => new Request(`http://localhost${path}`);

describe("Elysia", () => {
  test("sends the whole of an invalid response to the client (errors.ts)", async () => {
    const app = new Elysia().get("/", () => ({ name: "secret" }) as never, {
      response: { 200: t.Object({ name: t.Number() }) },
    });
    const response = await app.handle(request("/"));
    expect(response.status).toBe(422);
    expect(await response.text()).toContain("secret");
  });

  test("sends the message of an error to the client (errors.ts)", async () => {
    const app = new Elysia().get("/", () => {
      throw new Error("secret");
    });
    expect(await (await app.handle(request("/"))).text()).toBe("secret");
  });

  test("distinguishes an invalid request from an invalid response (errors.ts)", async () => {
    const types: unknown[] = [];
    const app = new Elysia()
      .onError(({ error }) => {
        types.push(error instanceof ValidationError && error.type);
        return "no";
      })
      .get("/in", () => "", { query: t.Object({ n: t.Number() }) })
      .get("/out", () => 1 as never, { response: { 200: t.String() } });
    await app.handle(request("/in"));
    await app.handle(request("/out"));
    expect(types).toEqual(["query", "response"]);
  });

  test("strips keys that a schema does not name, unless configured otherwise (requests.ts)", async () => {
    const schema = { response: { 200: t.Object({ a: t.Number() }, { additionalProperties: false }) } };
    const answer = () => ({ a: 1, b: 2 }) as never;
    const stripped = await new Elysia().get("/", answer, schema).handle(request("/"));
    expect(await stripped.json()).toEqual({ a: 1 });
    const refused = await new Elysia({ normalize: false }).get("/", answer, schema).handle(request("/"));
    expect(refused.status).toBe(422);
  });

  test("answers 404 for a wrong method (path-table.ts)", async () => {
    const app = new Elysia().get("/", () => "");
    const response = await app.handle(new Request("http://localhost/", { method: "POST" }));
    expect(response.status).toBe(404);
  });

  test("misreads short hosts, unless configured otherwise (requests.ts)", async () => {
    const ask = (app: Elysia) => app.get("/item", () => "").handle(new Request("http://kyc/item"));
    expect((await ask(new Elysia())).status).toBe(404);
    expect((await ask(new Elysia({ handler: { standardHostname: false } }))).status).toBe(200);
  });

  test("keeps the last of several values of a query parameter (customer.ts)", async () => {
    const app = new Elysia().get("/", ({ query }) => query);
    expect(await (await app.handle(request("/?type=a&type=b"))).json()).toEqual({ type: "b" });
  });

  test("accepts a string with digits as an integer (config.ts)", async () => {
    const app = new Elysia().post("/", () => "ok", { body: t.Object({ n: t.Integer() }) });
    const headers = { "content-type": "application/json" };
    const init = { method: "POST", headers, body: '{"n":"1"}' };
    expect((await app.handle(new Request("http://localhost/", init))).status).toBe(200);
    expect(Value.Check(t.Integer(), "1")).toBe(true);
    expect(Value.Check(Type.Integer(), "1")).toBe(false);
  });

  test("shares a port that is in use, unless configured otherwise (lifecycle.ts)", async () => {
    const one = new Elysia().listen(0);
    const port = one.server?.port ?? 0;
    const two = new Elysia().listen(port);
    expect(() => new Elysia().listen({ port, reusePort: false })).toThrow(
      expect.objectContaining({ code: "EADDRINUSE" }),
    );
    await one.server?.stop(true);
    await two.server?.stop(true);
  });
});

describe("the Swagger plugin", () => {
  test("serves a page that loads from a public network (api-document.ts)", async () => {
    const page = await new Elysia().use(swagger({ path: "/s" })).handle(request("/s"));
    expect(await page.text()).toContain("https://cdn.jsdelivr.net/");
  });

  test("lists responses under content types that are never sent (openapi.ts)", async () => {
    const app = new Elysia()
      .use(swagger({ path: "/s" }))
      .get("/", () => "", { response: { 200: t.String() } });
    expect(await (await app.handle(request("/s/json"))).text()).toContain("multipart/form-data");
  });
});

describe("ofetch", () => {
  test("returns malformed JSON as text (upstream.ts)", async () => {
    const ask = createFetch({ fetch: Object.assign(async () => new Response("{half"), { preconnect() {} }) });
    expect(await ask("http://upstream")).toBe("{half");
  });

  test("retries a failed request, unless configured otherwise (exchange.ts)", async () => {
    let asked = 0;
    const fetch = async () => (asked++, new Response("", { status: 500 }));
    const ask = createFetch({ fetch: Object.assign(fetch, { preconnect() {} }) });
    await ask("http://upstream").catch(() => undefined);
    expect(asked).toBe(2);
    await ask("http://upstream", { retry: 0 }).catch(() => undefined);
    expect(asked).toBe(3);
  });

  test("puts the whole URL into its message (safe-error.ts)", async () => {
    const fetch = async () => new Response("", { status: 404 });
    const ask = createFetch({ fetch: Object.assign(fetch, { preconnect() {} }) });
    const error: unknown = await ask("http://user:secret@upstream/?name=jane").catch(
      (cause: unknown) => cause,
    );
    expect(String(error)).toContain("user:secret@upstream/?name=jane");
  });

  test("ignores its own timeout if a signal is given (exchange.ts)", async () => {
    const fetch = () => Bun.sleep(30).then(() => new Response("{}"));
    const ask = createFetch({ fetch: Object.assign(fetch, { preconnect() {} }) });
    const { signal } = new AbortController();
    expect(await ask("http://upstream", { timeout: 1, signal })).toEqual({});
  });
});

describe("Bun", () => {
  let server: TcpServer | undefined;
  afterEach(() => server?.close());

  test("requests compression, unless configured otherwise (exchange.ts)", async () => {
    server = await tcpServer((socket) => socket.end("HTTP/1.1 204 No Content\r\n\r\n"));
    await fetch(server.origin);
    await fetch(server.origin, { decompress: false });
    const [plain, told] = server.heads.map((head) => head.toLowerCase().includes("accept-encoding"));
    expect([plain, told]).toEqual([true, false]);
  });

  test("answers a body over its own limit itself, with an empty response (lifecycle.ts)", async () => {
    const http = Bun.serve({ port: 0, maxRequestBodySize: 10, fetch: () => new Response("ours") });
    const head = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 11\r\n\r\n";
    const answer = await exchangeBytes(http.port ?? 0, head);
    expect(answer).toStartWith("HTTP/1.1 413 ");
    expect(answer).toEndWith("\r\n\r\n");
    await http.stop(true);
  });

  test("closes the connection after a response with Connection: close (errors.ts)", async () => {
    const fetch = () => new Response("", { headers: { connection: "close" } });
    const http = Bun.serve({ port: 0, fetch });
    const started = performance.now();
    await exchangeBytes(http.port ?? 0, "GET / HTTP/1.1\r\nhost: x\r\n\r\n", 5000);
    expect(performance.now() - started).toBeLessThan(4000);
    await http.stop(true);
  });
});
