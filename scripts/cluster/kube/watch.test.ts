import { describe, expect, test } from "bun:test";
import { bookmark, configMap, ConfigMapServer } from "./testing/config-maps.ts";
import { kubeOf } from "./testing/kubeconfig.ts";
import { RecordedWatch } from "./testing/recorded-watch.ts";
import { watch } from "./watch.ts";

describe("a watch", () => {
  test("calls back with all objects at the start, and after each change", async () => {
    using server = await ConfigMapServer.start();
    server.items = [configMap("x", "1", "8"), configMap("y", "1", "9")];
    await using watched = new RecordedWatch(kubeOf(server.api), { labelSelector: "app=a" });
    const { answer, query } = await server.stream();
    expect(query).toEqual({
      watch: "1",
      allowWatchBookmarks: "true",
      timeoutSeconds: "60",
      resourceVersion: "10",
      labelSelector: "app=a",
    });
    await answer.event("MODIFIED", configMap("x", "2", "11"));
    await answer.event("ADDED", configMap("z", "1", "12"));
    await answer.event("DELETED", configMap("y", "1", "13"));
    await watched.until("x=2 z=1");
    expect(watched.states).toEqual(["x=1 y=1", "x=2 y=1", "x=2 y=1 z=1", "x=2 z=1"]);
    expect(watched.troubles).toBeEmpty();
  });

  test("calls back once if there is nothing yet", async () => {
    using server = await ConfigMapServer.start();
    await using watched = new RecordedWatch(kubeOf(server.api));
    await server.stream();
    expect(watched.states).toEqual([""]);
  });

  test("continues from a bookmark, which is not an object or a change", async () => {
    using server = await ConfigMapServer.start();
    server.items = [configMap("x", "1", "8")];
    await using watched = new RecordedWatch(kubeOf(server.api));
    const first = await server.stream();
    await first.answer.event("BOOKMARK", bookmark("77"));
    first.answer.end();
    expect((await server.stream()).query["resourceVersion"]).toBe("77");
    expect(watched.states).toEqual(["x=1"]);
    expect(server.lists).toBe(1);
  });

  test("reads events that come in any pieces, also with a character cut in two", async () => {
    using server = await ConfigMapServer.start();
    await using watched = new RecordedWatch(kubeOf(server.api));
    const { answer } = await server.stream();
    const event = (value: string, version: string): string =>
      `${JSON.stringify({ type: "MODIFIED", object: configMap("x", value, version) })}\n`;
    const bytes = Buffer.from(event("Grüße 🌍", "11") + event("2", "12"), "utf8");
    for (let at = 0; at < bytes.length; at += 7) {
      await answer.write(bytes.subarray(at, at + 7));
      await new Promise(setImmediate);
    }
    await watched.until("x=2");
    expect(watched.states).toEqual(["", "x=Grüße 🌍", "x=2"]);
  });

  test("reads an event of a megabyte", async () => {
    using server = await ConfigMapServer.start();
    await using watched = new RecordedWatch(kubeOf(server.api));
    const { answer } = await server.stream();
    const value = "ü".repeat(500_000);
    await answer.event("ADDED", configMap("x", value, "11"));
    await watched.until(`x=${value}`);
  });

  test("waits on a slow stream for longer than an answer may take", async () => {
    using server = await ConfigMapServer.start();
    await using watched = new RecordedWatch(kubeOf(server.api));
    const { answer } = await server.stream();
    const text = JSON.stringify({ type: "ADDED", object: configMap("x", "1", "11") });
    await answer.write(text.slice(0, 20));
    await Bun.sleep(300);
    await answer.write(`${text.slice(20)}\n`);
    await watched.until("x=1");
    expect(server.watches).toBe(1);
  });

  test("lets an error of the callback through, and ends", async () => {
    using server = await ConfigMapServer.start();
    const controller = new AbortController();
    const error = Object.assign(new SyntaxError("mine"), { code: "ECONNRESET" });
    const options = { namespace: "a", signal: controller.signal };
    const kind = { apiVersion: "v1", kind: "ConfigMap" };
    const watching = watch(kubeOf(server.api), kind, options, (objects) => {
      if (objects.size > 0) throw error;
    });
    const { answer } = await server.stream();
    await answer.event("ADDED", configMap("x", "1", "11"));
    expect(await watching.catch((thrown: unknown) => thrown)).toBe(error);
    await answer.closed;
  });
});

describe("at the signal a watch ends promptly, without an error, and closes its connection", () => {
  test("while the stream is silent", async () => {
    using server = await ConfigMapServer.start();
    const watched = new RecordedWatch(kubeOf(server.api));
    const { answer } = await server.stream();
    expect(await watched.stop()).toBeLessThan(500);
    expect(await watched.ended).toBeUndefined();
    await answer.closed;
  });

  test("while it lists", async () => {
    using server = await ConfigMapServer.start();
    const asked = Promise.withResolvers<void>();
    server.api.on("GET /api/v1/namespaces/a/configmaps", () => asked.resolve());
    const watched = new RecordedWatch(kubeOf(server.api));
    await asked.promise;
    expect(await watched.stop()).toBeLessThan(500);
    expect(await watched.ended).toBeUndefined();
    expect(watched.states).toBeEmpty();
  });

  test("while it waits after a failure", async () => {
    using server = await ConfigMapServer.start();
    const watched = new RecordedWatch(kubeOf(server.api), { maxPauseMs: 60_000 });
    for (let i = 0; i < 2; i++) (await server.stream()).answer.cut();
    await Bun.sleep(50);
    expect(await watched.stop()).toBeLessThan(200);
    expect(await watched.ended).toBeUndefined();
  });

  test("when it came before the start", async () => {
    using server = await ConfigMapServer.start();
    const watched = new RecordedWatch(kubeOf(server.api), { signal: AbortSignal.abort() });
    expect(await watched.ended).toBeUndefined();
    expect(watched.states).toBeEmpty();
  });

  test("and never calls back again, whatever has arrived already", async () => {
    using server = await ConfigMapServer.start();
    const controller = new AbortController();
    let calls = 0;
    const kind = { apiVersion: "v1", kind: "ConfigMap" };
    const options = { namespace: "a", signal: controller.signal };
    const watching = watch(kubeOf(server.api), kind, options, () => {
      if (++calls === 2) controller.abort();
    });
    const { answer } = await server.stream();
    const line = (version: number): string =>
      `${JSON.stringify({ type: "MODIFIED", object: configMap("x", "1", String(version)) })}\n`;
    await answer.write(line(11) + line(12) + line(13));
    await watching;
    await Bun.sleep(20);
    expect(calls).toBe(2);
  });
});
