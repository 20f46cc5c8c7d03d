import { describe, expect, test } from "bun:test";
import { ApiError } from "./api-error.ts";
import { Unreachable } from "./connection.ts";
import { statusOf } from "./testing/fake-answer.ts";
import { bookmark, configMap, ConfigMapServer } from "./testing/config-maps.ts";
import { kubeOf } from "./testing/kubeconfig.ts";
import { RecordedWatch } from "./testing/recorded-watch.ts";

const EXPIRED = statusOf(410, "Expired", "too old resource version: 10 (99)");

describe("a watch continues", () => {
  test("at its position after the connection is cut, even in the middle of an event", async () => {
    using server = await ConfigMapServer.start();
    await using watched = new RecordedWatch(kubeOf(server.api));
    const first = await server.stream();
    await first.answer.event("ADDED", configMap("x", "1", "11"));
    await first.answer.write('{"type":"ADDED","object":{"apiVersion":"v1","kind":"Conf');
    await watched.until("x=1");
    first.answer.cut();
    const second = await server.stream();
    expect(second.query["resourceVersion"]).toBe("11");
    await second.answer.event("ADDED", configMap("y", "1", "12"));
    await watched.until("x=1 y=1");
    expect(watched.troubles).toHaveLength(1);
    expect(server.lists).toBe(1);
  });

  test("at its position after a stream that ends with a FIN in the middle of an event", async () => {
    using server = await ConfigMapServer.start();
    await using watched = new RecordedWatch(kubeOf(server.api));
    const first = await server.stream();
    await first.answer.event("ADDED", configMap("x", "1", "11"));
    await first.answer.write('{"type":"ADDED","object":{');
    first.answer.end();
    expect((await server.stream()).query["resourceVersion"]).toBe("11");
    expect(watched.troubles).toEqual([
      "cannot watch ConfigMap in a: the connection was cut in the middle of an event",
    ]);
  });

  test("at its position after the server ended the stream by its time limit", async () => {
    using server = await ConfigMapServer.start();
    await using watched = new RecordedWatch(kubeOf(server.api));
    const first = await server.stream();
    await first.answer.event("ADDED", configMap("x", "1", "11"));
    first.answer.end();
    expect((await server.stream()).query["resourceVersion"]).toBe("11");
    expect(watched.troubles).toBeEmpty();
    expect(watched.states).toEqual(["", "x=1"]);
  });

  test("after the server was away", async () => {
    const first = await ConfigMapServer.start();
    first.items = [configMap("x", "1", "8")];
    const { authority, port } = first.api;
    await using watched = new RecordedWatch(kubeOf(first.api));
    await first.stream();
    first[Symbol.dispose]();
    while (watched.troubles.length < 3) await Bun.sleep(5);
    expect(watched.troubles.at(-1)).toContain("it refuses connections");
    using second = await ConfigMapServer.start({ authority, port });
    const { answer, query } = await second.stream();
    expect(query["resourceVersion"]).toBe("10");
    await answer.event("MODIFIED", configMap("x", "2", "11"));
    await watched.until("x=2");
  });

  test("when nothing is heard of the other end any more, as after a cable is pulled", async () => {
    using server = await ConfigMapServer.start();
    await using watched = new RecordedWatch(kubeOf(server.api), { streamSeconds: 0.2 });
    const first = await server.stream();
    await first.answer.event("ADDED", configMap("x", "1", "11"));
    const second = await server.stream();
    expect(second.query["resourceVersion"]).toBe("11");
    expect(watched.troubles).toEqual(["cannot watch ConfigMap in a: the API server sends nothing more"]);
    await second.answer.event("MODIFIED", configMap("x", "2", "12"));
    await watched.until("x=2");
  });
});

describe("a watch lists again, and misses no deletion,", () => {
  test("when the place is forgotten, as an event", async () => {
    using server = await ConfigMapServer.start();
    server.items = [configMap("x", "1", "8"), configMap("y", "1", "9")];
    await using watched = new RecordedWatch(kubeOf(server.api));
    const first = await server.stream();
    server.items = [configMap("y", "2", "98")];
    server.resourceVersion = "99";
    await first.answer.event("ERROR", EXPIRED);
    const second = await server.stream();
    expect(second.query["resourceVersion"]).toBe("99");
    expect(watched.states).toEqual(["x=1 y=1", "y=2"]);
    await first.answer.closed;
  });

  test("when the place is forgotten, as the answer's status", async () => {
    using server = await ConfigMapServer.start();
    server.items = [configMap("x", "1", "8")];
    server.onStream = ({ answer }) => {
      server.items = [];
      server.resourceVersion = "99";
      server.onStream = undefined;
      answer.json(EXPIRED, 410);
    };
    await using watched = new RecordedWatch(kubeOf(server.api));
    expect((await server.stream()).query["resourceVersion"]).toBe("99");
    expect(watched.states).toEqual(["x=1", ""]);
  });

  test.each([
    ["an error of the server's", statusOf(500, "InternalError", "etcdserver: leader changed")],
    ["an error without words", {}],
  ])("after %s", async (_, error) => {
    using server = await ConfigMapServer.start();
    await using watched = new RecordedWatch(kubeOf(server.api));
    const first = await server.stream();
    server.resourceVersion = "99";
    await first.answer.event("ERROR", error);
    expect((await server.stream()).query["resourceVersion"]).toBe("99");
    expect(watched.troubles).toHaveLength(1);
  });
});

describe("a watch does not hurry through", () => {
  test.each<[string, ConfigMapServer["onStream"]]>([
    ["streams that end at once", ({ answer }) => (answer.begin(), answer.end())],
    ["streams that are cut at once", ({ answer }) => answer.cut()],
    ["places that are forgotten at once", ({ answer }) => answer.json({ type: "ERROR", object: EXPIRED })],
    ["a server in trouble", ({ answer }) => answer.refuse(503, "ServiceUnavailable", "soon")],
  ])("%s", async (_, onStream) => {
    using server = await ConfigMapServer.start();
    server.onStream = onStream;
    await using watched = new RecordedWatch(kubeOf(server.api), { maxPauseMs: 60_000 });
    while (server.watches < 2) await Bun.sleep(5);
    await Bun.sleep(50);
    // The third comes after 0.1 s. (Bun itself retries a reused connection that is cut.)
    expect(server.watches).toBeLessThan(6);
    expect(server.lists).toBeLessThan(6);
    await watched.stop();
    expect(await watched.ended).toBeUndefined();
  });

  test("a server that is busy, and does not ask it for a new list", async () => {
    using server = await ConfigMapServer.start();
    server.onStream = ({ answer }) => answer.refuse(429, "TooManyRequests", "later");
    await using watched = new RecordedWatch(kubeOf(server.api), { maxPauseMs: 60_000 });
    const start = performance.now();
    while (server.watches < 4) await Bun.sleep(5);
    // At 0, 0.05, 0.15 and 0.35 s: each pause is twice the last.
    expect(performance.now() - start).toBeGreaterThan(300);
    expect(server.lists).toBe(1);
    expect(watched.states).toEqual([""]);
  });

  test("and is quick again after something came, even if no change", async () => {
    using server = await ConfigMapServer.start();
    await using watched = new RecordedWatch(kubeOf(server.api), { maxPauseMs: 60_000 });
    const start = performance.now();
    for (let version = 11; version < 17; version++) {
      const { answer } = await server.stream();
      await answer.event("BOOKMARK", bookmark(String(version)));
      answer.end();
    }
    // Five pauses that double would take 1.55 s.
    expect(performance.now() - start).toBeLessThan(1_300);
    expect(watched.troubles).toBeEmpty();
  });

  test("and is quick again after a stream that lasted, even if nothing came", async () => {
    using server = await ConfigMapServer.start();
    await using watched = new RecordedWatch(kubeOf(server.api), { maxPauseMs: 60_000 });
    for (let i = 0; i < 4; i++) (await server.stream()).answer.end();
    const { answer } = await server.stream();
    await Bun.sleep(550);
    const start = performance.now();
    answer.end();
    await server.stream();
    // It would be 0.8 s otherwise.
    expect(performance.now() - start).toBeLessThan(600);
    expect(watched.troubles).toBeEmpty();
  });
});

describe("a watch ends with the error when", () => {
  test("the first listing is refused", async () => {
    using server = await ConfigMapServer.start();
    server.api.on("GET /api/v1/namespaces/a/configmaps", (answer) =>
      answer.refuse(403, "Forbidden", "not you"),
    );
    const error = await new RecordedWatch(kubeOf(server.api)).ended;
    expect(error).toBeInstanceOf(ApiError);
    expect(error?.message).toBe("cannot list ConfigMap in a: not you");
  });

  test("no server answers at the start", async () => {
    const server = await ConfigMapServer.start();
    const kube = kubeOf(server.api);
    server[Symbol.dispose]();
    expect(await new RecordedWatch(kube).ended).toBeInstanceOf(Unreachable);
  });

  test("the kind is not installed", async () => {
    using server = await ConfigMapServer.start();
    server.api.offer("/api/v1", { Pod: "pods" });
    const watched = new RecordedWatch(kubeOf(server.api));
    expect(await watched.ended).toMatchObject({ code: 404, reason: "NoSuchKind" });
    expect(watched.states).toBeEmpty();
  });

  test("it may list but not watch", async () => {
    using server = await ConfigMapServer.start();
    server.onStream = ({ answer }) => answer.refuse(403, "Forbidden", "list only");
    const watched = new RecordedWatch(kubeOf(server.api));
    expect((await watched.ended)?.message).toBe("cannot watch ConfigMap in a: list only");
    expect(watched.states).toEqual([""]);
  });

  test.each([
    ["an object that is not an event", { kind: "Status" }, "an event"],
    ["an event without an object", { type: "ADDED", object: {} }, "the object of an event"],
  ])("it gets %s", async (_, line, what) => {
    using server = await ConfigMapServer.start();
    const watched = new RecordedWatch(kubeOf(server.api));
    const { answer } = await server.stream();
    await answer.write(`${JSON.stringify(line)}\n`);
    expect((await watched.ended)?.message).toBe(
      `cannot watch ConfigMap in a: ${what} does not match the Kubernetes API`,
    );
  });
});
