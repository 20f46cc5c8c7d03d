import { describe, expect, test } from "bun:test";
import { ApiError } from "./api-error.ts";
import { FakeApiServer } from "./testing/fake-api-server.ts";
import { kubeOf } from "./testing/kubeconfig.ts";
import { rejection } from "./testing/rejection.ts";

const CONFIG_MAP = { apiVersion: "v1", kind: "ConfigMap" };
const REF = { ...CONFIG_MAP, namespace: "a", name: "x" };
const ALL = "/api/v1/namespaces/a/configmaps";
const ONE = `${ALL}/x`;

describe("get", () => {
  test("gives an object with all its fields, known here or not", async () => {
    using server = await FakeApiServer.start();
    const object = {
      ...CONFIG_MAP,
      metadata: {
        name: "x",
        namespace: "a",
        creationTimestamp: null,
        managedFields: [{ manager: "m", fieldsV1: {} }],
      },
      data: { text: "Grüße 🌍", empty: "" },
      status: { none: null, list: [], number: 0.1 },
    };
    server.on(`GET ${ONE}`, (answer) => answer.json(object));
    expect(await kubeOf(server).get(REF)).toEqual(object);
  });

  test("returns undefined for a missing object", async () => {
    using server = await FakeApiServer.start();
    server.on(`GET ${ONE}`, (answer) => answer.refuse(404, "NotFound", 'configmaps "x" not found'));
    expect(await kubeOf(server).get(REF)).toBeUndefined();
  });

  test("gives undefined for a kind that is not installed", async () => {
    using server = await FakeApiServer.start();
    const ref = { apiVersion: "networking.istio.io/v1", kind: "Gateway", namespace: "a", name: "x" };
    expect(await kubeOf(server).get(ref)).toBeUndefined();
  });

  test("does not take the 404 of something that is no API server for an answer", async () => {
    using server = await FakeApiServer.start();
    const error = await rejection(kubeOf(server).get(REF));
    expect(error).toBeInstanceOf(ApiError);
    expect(error.message).toBe("cannot read ConfigMap a/x: 404, 404 page not found");
  });

  test.each([
    ["no JSON", "<html>Please log in</html>"],
    ["no object", '{"kind":"ConfigMap"}'],
    ["nothing", ""],
  ])("refuses %s", async (_, body) => {
    using server = await FakeApiServer.start();
    server.on(`GET ${ONE}`, (answer) => answer.text(body));
    expect((await rejection(kubeOf(server).get(REF))).message).toBe(
      `cannot read ConfigMap a/x: the answer to ${ONE} does not match the Kubernetes API`,
    );
  });
});

describe("a refusal is an ApiError with the API server's own sentence:", () => {
  test.each([
    [403, "Forbidden", 'configmaps "x" is forbidden: User "me" cannot get resource "configmaps"'],
    [500, "InternalError", "etcdserver: request timed out"],
  ])("%d", async (code, reason, message) => {
    using server = await FakeApiServer.start();
    server.on(`GET ${ONE}`, (answer) => answer.refuse(code, reason, message));
    const error = await rejection(kubeOf(server).get(REF));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code, reason, message: `cannot read ConfigMap a/x: ${message}` });
  });

  test("401, with whose credentials they are", async () => {
    using server = await FakeApiServer.start();
    server.on(`GET ${ONE}`, (answer) => answer.refuse(401, "Unauthorized", "Unauthorized"));
    const error = await rejection(kubeOf(server).get(REF));
    expect(error).toMatchObject({ code: 401, reason: "Unauthorized" });
    expect(error.message).toBe("cannot read ConfigMap a/x with the credentials of test: Unauthorized");
  });

  test("or the number without a message", async () => {
    using server = await FakeApiServer.start();
    server.on(`GET ${ONE}`, (answer) => answer.empty(502));
    const error = await rejection(kubeOf(server).get(REF));
    expect(error).toMatchObject({ code: 502, reason: "" });
    expect(error.message).toBe("cannot read ConfigMap a/x: the API server answered 502");
  });
});

describe("a server that is too busy", () => {
  test("is retried after the time that it requests", async () => {
    using server = await FakeApiServer.start();
    let times = 0;
    server.on(`GET ${ONE}`, (answer) => {
      if (++times < 3) answer.json({}, 429, { "retry-after": "0" });
      else answer.json({ ...CONFIG_MAP, metadata: { name: "x" } });
    });
    expect(await kubeOf(server).get(REF)).toBeDefined();
    expect(times).toBe(3);
  });

  test("is given up after ten more times", async () => {
    using server = await FakeApiServer.start();
    server.on(`GET ${ONE}`, (answer) => answer.json({}, 429, { "retry-after": "0" }));
    expect(await rejection(kubeOf(server).get(REF))).toMatchObject({ code: 429 });
    expect(server.to(ONE)).toHaveLength(11);
  });

  test("is not waited for after the signal", async () => {
    using server = await FakeApiServer.start();
    server.on(`GET ${ONE}`, (answer) => answer.json({}, 429, { "retry-after": "20" }));
    const controller = new AbortController();
    const got = rejection(kubeOf(server).get(REF, { signal: controller.signal }));
    while (server.to(ONE).length === 0) await Bun.sleep(5);
    controller.abort(new Error("enough"));
    expect((await got).message).toBe("enough");
    expect(server.to(ONE)).toHaveLength(1);
  });
});

describe("list", () => {
  const page = (names: string[], metadata: object): object => ({
    kind: "ConfigMapList",
    metadata,
    items: names.map((name) => ({ metadata: { name, namespace: "a" }, data: {} })),
  });

  test("collects all pages, and gives each item the list's kind", async () => {
    using server = await FakeApiServer.start();
    server.on(`GET ${ALL}`, (answer, { query }) => {
      if (query["continue"] === undefined)
        answer.json(page(["x", "y"], { resourceVersion: "7", continue: "c/1+=" }));
      else answer.json(page(["z"], { resourceVersion: "7" }));
    });
    const { items, resourceVersion } = await kubeOf(server).list(REF, {
      namespace: "a",
      labelSelector: "app in (b,c)",
    });
    expect(items).toMatchObject(
      ["x", "y", "z"].map((name) => ({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name, namespace: "a" },
      })),
    );
    // The items have no fields of the reference that the kind came with.
    expect(Object.keys(items[0] ?? {}).sort()).toEqual(["apiVersion", "data", "kind", "metadata"]);
    expect(resourceVersion).toBe("7");
    expect(server.to(ALL).map(({ query }) => query)).toEqual([
      { limit: "500", labelSelector: "app in (b,c)" },
      { limit: "500", labelSelector: "app in (b,c)", continue: "c/1+=" },
    ]);
  });

  test("is read again without pages when the continue token has expired", async () => {
    using server = await FakeApiServer.start();
    server.on(`GET ${ALL}`, (answer, { query }) => {
      if (query["continue"] !== undefined)
        answer.refuse(410, "Expired", "The provided continue parameter is too old");
      else if (query["limit"] !== undefined)
        answer.json(page(["x"], { resourceVersion: "7", continue: "c" }));
      else answer.json(page(["x", "y"], { resourceVersion: "9" }));
    });
    const { items, resourceVersion } = await kubeOf(server).list(CONFIG_MAP, { namespace: "a" });
    expect(items.map(({ metadata }) => metadata.name)).toEqual(["x", "y"]);
    expect(resourceVersion).toBe("9");
  });

  test("is empty for a kind that is not installed, and for a list that Go wrote as null", async () => {
    using server = await FakeApiServer.start();
    server.on(`GET ${ALL}`, (answer) => answer.json({ metadata: { resourceVersion: "7" }, items: null }));
    expect(await kubeOf(server).list(CONFIG_MAP, { namespace: "a" })).toEqual({
      items: [],
      resourceVersion: "7",
    });
    const gateway = { apiVersion: "networking.istio.io/v1", kind: "Gateway" };
    expect(await kubeOf(server).list(gateway)).toEqual({ items: [], resourceVersion: "" });
  });

  test("searches all namespaces without one", async () => {
    using server = await FakeApiServer.start();
    server.on("GET /api/v1/configmaps", (answer) => answer.json(page(["x"], { resourceVersion: "7" })));
    expect((await kubeOf(server).list(CONFIG_MAP)).items).toHaveLength(1);
  });
});

describe("delete", () => {
  test("deletes with all owned objects, and returns whether the object existed", async () => {
    using server = await FakeApiServer.start();
    const kube = kubeOf(server);
    server.on(`DELETE ${ONE}`, (answer) => answer.json({ kind: "Status", status: "Success" }));
    expect(await kube.delete(REF)).toBeTrue();
    expect(JSON.parse(server.to(ONE)[0]?.body ?? "")).toEqual({
      kind: "DeleteOptions",
      apiVersion: "v1",
      propagationPolicy: "Background",
    });
    server.on(`DELETE ${ONE}`, (answer) => answer.refuse(404, "NotFound", "not found"));
    expect(await kube.delete(REF)).toBeFalse();
    expect(await kube.delete({ ...REF, apiVersion: "no.such/v1" })).toBeFalse();
  });
});

test("a kind that is installed later is found by the same client", async () => {
  using server = await FakeApiServer.start();
  const kube = kubeOf(server);
  const object = {
    apiVersion: "networking.istio.io/v1",
    kind: "Gateway",
    metadata: { name: "x", namespace: "a" },
  };
  const error = await rejection(kube.apply(object, { fieldManager: "kyc" }));
  expect(error).toMatchObject({ code: 404, reason: "NoSuchKind" });
  expect(error.message).toBe(
    "cannot find the kind Gateway: this cluster has no kind Gateway in networking.istio.io/v1: is its definition installed?",
  );
  server.offer("/apis/networking.istio.io/v1", { Gateway: "gateways" });
  server.on("PATCH /apis/networking.istio.io/v1/namespaces/a/gateways/x", (answer, { body }) =>
    answer.json(JSON.parse(body)),
  );
  expect(await kube.apply(object, { fieldManager: "kyc" })).toEqual(object);
});
