import { describe, expect, test } from "bun:test";
import { Kube } from "./client.ts";
import { type ApiRequest, type Connection, Unreachable } from "./connection.ts";
import { FakeApiServer } from "./testing/fake-api-server.ts";
import { connectTo } from "./testing/kubeconfig.ts";
import { rejection } from "./testing/rejection.ts";

const CONFIG_MAP = { apiVersion: "v1", kind: "ConfigMap" };
const REF = { ...CONFIG_MAP, namespace: "a", name: "x" };
const KINDS = { resources: [{ name: "configmaps", kind: "ConfigMap", namespaced: true }] };
const MANAGER = { fieldManager: "kyc" };

const object = (data: Record<string, string>, resourceVersion = "1") => ({
  ...CONFIG_MAP,
  metadata: { name: "x", namespace: "a", resourceVersion },
  data,
});

function refusal(code: number, headers?: Record<string, string>): Response {
  const body = { kind: "Status", reason: code === 409 ? "Conflict" : "", code, message: `answer ${code}` };
  return Response.json(body, { status: code, ...(headers === undefined ? {} : { headers }) });
}

function cut(code = "ECONNRESET"): Error {
  return new Unreachable("The API server of test does not answer.", {
    cause: Object.assign(new Error(code), { code }),
  });
}

type Step = Response | Error | ((request: ApiRequest) => Response);

/** A client of an API server that responds so in turn, and the received requests, as `GET` or `PATCH {…}`. */
function scripted(steps: Step[], forMs = 1_000, onWait?: (message: string) => void) {
  const sent: string[] = [];
  async function answer(path: string, request: ApiRequest = {}): Promise<Response> {
    if (path === "/api/v1") return Response.json(KINDS);
    const { method = "GET", body } = request;
    sent.push(body === undefined ? method : `${method} ${body}`);
    const step = steps.shift();
    if (step === undefined) throw new Error(`one request too many: ${method}`);
    if (step instanceof Error) throw step;
    return typeof step === "function" ? step(request) : step;
  }
  const connection: Connection = {
    context: "test",
    server: "https://test",
    namespace: undefined,
    send: answer,
    open: answer,
  };
  return { kube: new Kube(connection, { forMs, pauseMs: 2, onWait }), sent, left: steps };
}

describe("a read", () => {
  test("is repeated after a cut connection, a 429 and a 5xx", async () => {
    const found = object({ key: "value" });
    const { kube, left } = scripted([
      cut(),
      refusal(429),
      refusal(500),
      refusal(503, { "retry-after": "0" }),
      Response.json(found),
    ]);
    expect(await kube.get(REF)).toEqual(found);
    expect(left).toBeEmpty();
  });

  test("fails with the last error when the time is over", async () => {
    const { kube, sent } = scripted(
      Array.from({ length: 100 }, () => refusal(503)),
      60,
    );
    const startedAt = performance.now();
    expect(await rejection(kube.get(REF))).toMatchObject({ code: 503 });
    expect(performance.now() - startedAt).toBeLessThan(500);
    expect(sent.length).toBeWithin(3, 20);
  });

  test.each([400, 401, 403, 404, 405, 422])("is not repeated after %d", async (code) => {
    const { kube, sent } = scripted([refusal(code)]);
    await kube.get(REF).catch(() => undefined);
    expect(sent).toHaveLength(1);
  });

  test("is not repeated if the server requests more time than available", async () => {
    const { kube, sent } = scripted([refusal(503, { "retry-after": "20" })]);
    expect(await rejection(kube.get(REF))).toMatchObject({ code: 503, retryAfterMs: 20_000 });
    expect(sent).toHaveLength(1);
  });

  test("is not repeated if the certificate is not trusted", async () => {
    const { kube, sent } = scripted([cut("DEPTH_ZERO_SELF_SIGNED_CERT")]);
    expect(await rejection(kube.get(REF))).toBeInstanceOf(Unreachable);
    expect(sent).toHaveLength(1);
  });

  test("is repeated after a refused connection only if the server has answered before", async () => {
    using server = await FakeApiServer.start();
    server.on("GET /api/v1/namespaces/a/configmaps/x", (answer) => answer.json(object({})));
    const options = { forMs: 5_000, pauseMs: 2 };
    const kube = new Kube(connectTo(server), options);
    await kube.get(REF);
    const { port, authority } = server;
    server[Symbol.dispose]();
    const startedAt = performance.now();
    expect(await rejection(new Kube(connectTo(server), options).get(REF))).toBeInstanceOf(Unreachable);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    const again = kube.get(REF);
    await Bun.sleep(30);
    using restarted = await FakeApiServer.start({ port, authority });
    restarted.on("GET /api/v1/namespaces/a/configmaps/x", (answer) => answer.json(object({ a: "b" })));
    expect(await again).toMatchObject({ data: { a: "b" } });
  });

  test("ends with its signal", async () => {
    const { kube } = scripted([refusal(503, { "retry-after": "1" }), Response.json(object({}))], 5_000);
    const end = new AbortController();
    const got = rejection(kube.get(REF, { signal: end.signal }));
    await Bun.sleep(5);
    end.abort(new Error("enough"));
    expect((await got).message).toBe("enough");
  });

  test("that takes long is reported once", async () => {
    const told: string[] = [];
    const postponed = () => refusal(503, { "retry-after": "2" });
    const { kube } = scripted([postponed(), postponed(), Response.json(object({}))], 15_000, (message) =>
      told.push(message),
    );
    const end = new AbortController();
    const got = rejection(kube.get(REF, { signal: end.signal }));
    const other = rejection(kube.get(REF, { signal: end.signal }));
    await Bun.sleep(10);
    end.abort();
    await Promise.all([got, other]);
    expect(told).toEqual(["cannot read ConfigMap a/x: answer 503; asking again for up to 15 s"]);
  });
});

describe("a write", () => {
  test.each(["PUT", "DELETE", "PATCH", "POST"])(
    "of %s reaches a server that cuts the connection once",
    async (method) => {
      using server = await FakeApiServer.start();
      const path = "/api/v1/namespaces/a/configmaps/x";
      server.on(`GET ${path}`, (answer) => answer.json(object({})));
      server.on(`${method} ${path}`, () => server.cut());
      const connection = connectTo(server);
      // Bun repeats a PUT by itself on a connection that has carried a request before.
      await connection.send(path);
      expect(await rejection(connection.send(path, { method }))).toBeInstanceOf(Unreachable);
      expect(server.to(path).map((request) => request.method)).toEqual(["GET", method]);
    },
  );

  const wanted = object({ key: "new" });

  test("that took effect without an answer is not made twice", async () => {
    const after = { ...wanted, metadata: { ...wanted.metadata, resourceVersion: "2" } };
    const { kube, sent } = scripted([cut(), refusal(409), Response.json(after)]);
    expect(await kube.replace(wanted, MANAGER)).toEqual(after);
    expect(sent.map((line) => line.split(" ")[0])).toEqual(["PUT", "PUT", "GET"]);
  });

  test("that did not take effect is sent again", async () => {
    const after = { ...wanted, metadata: { ...wanted.metadata, resourceVersion: "2" } };
    const { kube, sent } = scripted([refusal(500), Response.json(after)]);
    expect(await kube.replace(wanted, MANAGER)).toEqual(after);
    expect(sent).toHaveLength(2);
    expect(sent[1]).toBe(sent[0] ?? "");
  });

  test("is a conflict if another writer preceded the repetition", async () => {
    const other = Response.json(object({ key: "of another writer" }, "7"));
    const { kube } = scripted([cut(), refusal(409), other]);
    expect(await rejection(kube.replace(wanted, MANAGER))).toMatchObject({ code: 409 });
  });

  test("is a conflict at once if the first attempt is refused by 409", async () => {
    const { kube, sent } = scripted([refusal(409)]);
    expect(await rejection(kube.replace(wanted, MANAGER))).toMatchObject({ code: 409 });
    expect(sent).toHaveLength(1);
  });

  test("of a patch is repeated only with the resourceVersion that was read", async () => {
    const patch = { metadata: { resourceVersion: "1" }, data: { key: "new", old: null } };
    const guarded = scripted([cut(), refusal(409), Response.json(object({ key: "new" }, "2"))]);
    expect(await guarded.kube.patch(REF, patch, MANAGER)).toMatchObject({ data: { key: "new" } });
    const free = scripted([cut()]);
    const error = await rejection(free.kube.patch(REF, { data: patch.data }, MANAGER));
    expect(error).toBeInstanceOf(Unreachable);
    expect(free.sent).toHaveLength(1);
  });

  test("that removes a field is not done while the field is there", async () => {
    const patch = { metadata: { resourceVersion: "1" }, data: { key: "new", old: null } };
    const { kube } = scripted([cut(), refusal(409), Response.json(object({ key: "new", old: "x" }, "2"))]);
    expect(await rejection(kube.patch(REF, patch, MANAGER))).toMatchObject({ code: 409 });
  });

  test("of a new object that exists after a lost answer is its own", async () => {
    const { resourceVersion: _, ...metadata } = wanted.metadata;
    const { kube, sent } = scripted([cut(), refusal(409), Response.json(wanted)]);
    expect(await kube.create({ ...wanted, metadata }, MANAGER)).toEqual(wanted);
    expect(sent.map((line) => line.split(" ")[0])).toEqual(["POST", "POST", "GET"]);
  });

  test("by server-side apply is repeated unless it is forced", async () => {
    const applied = scripted([refusal(503), Response.json(wanted)]);
    expect(await applied.kube.apply(wanted, MANAGER)).toEqual(wanted);
    const forced = scripted([refusal(503)]);
    const error = await rejection(forced.kube.apply(wanted, { ...MANAGER, force: true }));
    expect(error).toMatchObject({ code: 503 });
  });

  test("that the server postponed by 429 is sent again, guarded or not", async () => {
    const { kube, sent } = scripted([refusal(429), refusal(429), Response.json(wanted)]);
    expect(await kube.patch(REF, { data: {} }, MANAGER)).toEqual(wanted);
    expect(sent).toHaveLength(3);
  });
});
