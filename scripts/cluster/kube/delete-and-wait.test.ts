import { describe, expect, test } from "bun:test";
import { deleteAndWait, StillThere } from "./delete-and-wait.ts";
import { FakeApiServer, type Handler } from "./testing/fake-api-server.ts";
import { kubeOf } from "./testing/kubeconfig.ts";
import { rejection } from "./testing/rejection.ts";

const REF = { apiVersion: "v1", kind: "ConfigMap", namespace: "a", name: "x" };
const PATH = "/api/v1/namespaces/a/configmaps/x";
const IN_TIME = { timeoutMs: 5_000 };

describe("deleteAndWait", () => {
  test("returns after the object is deleted together with its dependents", async () => {
    using server = await FakeApiServer.start();
    answers(server, there("u1"), there("u1"), there("u1"), gone);
    server.on(`DELETE ${PATH}`, there("u1"));
    expect(await deleteAndWait(kubeOf(server), REF, IN_TIME)).toBeTrue();
    expect(server.to(PATH).map(({ method }) => method)).toEqual(["GET", "DELETE", "GET", "GET", "GET"]);
    expect(JSON.parse(server.to(PATH)[1]?.body ?? "")).toMatchObject({
      propagationPolicy: "Foreground",
      preconditions: { uid: "u1" },
    });
  });

  test("reports that it did not exist, and deletes nothing", async () => {
    using server = await FakeApiServer.start();
    answers(server, gone);
    expect(await deleteAndWait(kubeOf(server), REF, IN_TIME)).toBeFalse();
    expect(server.to(PATH)).toHaveLength(1);
  });

  test("leaves an object that was created under the same name meanwhile", async () => {
    using server = await FakeApiServer.start();
    answers(server, there("u1"), there("u2"));
    server.on(`DELETE ${PATH}`, (answer) =>
      answer.refuse(409, "Conflict", "the UID in the precondition does not match"),
    );
    expect(await deleteAndWait(kubeOf(server), REF, IN_TIME)).toBeTrue();
  });

  test("waits through passing trouble", async () => {
    using server = await FakeApiServer.start();
    answers(
      server,
      there("u1"),
      (answer) => answer.refuse(500, "InternalError", "leader changed"),
      (answer) => answer.cut(),
      (answer) => answer.cut(),
      gone,
    );
    server.on(`DELETE ${PATH}`, there("u1"));
    expect(await deleteAndWait(kubeOf(server), REF, IN_TIME)).toBeTrue();
  });

  test.each<[string, Handler, string]>([
    [
      "finalizers",
      there("u1", { finalizers: ["foregroundDeletion", "example.test/keep"] }),
      "its finalizers have not been removed (example.test/keep)",
    ],
    ["what it owns", there("u1", { finalizers: ["foregroundDeletion"] }), "objects that it owns still exist"],
    [
      "a server in trouble",
      (answer) => answer.refuse(503, "ServiceUnavailable", "soon"),
      "cannot read ConfigMap a/x: soon",
    ],
    ["a server that does not answer", () => {}, "the API server has not answered since the deletion"],
  ])("gives up in time, and reports the obstacle: %s", async (_, handler, why) => {
    using server = await FakeApiServer.start();
    answers(server, there("u1"), handler);
    server.on(`DELETE ${PATH}`, there("u1"));
    const start = performance.now();
    const error = await rejection(deleteAndWait(kubeOf(server), REF, { timeoutMs: 250 }));
    expect(performance.now() - start).toBeLessThan(2_000);
    expect(error).toBeInstanceOf(StillThere);
    expect(error.message).toBe(`ConfigMap a/x is not gone after 0.25 s: ${why}`);
  });

  test("ends at the signal", async () => {
    using server = await FakeApiServer.start();
    answers(server, there("u1"));
    server.on(`DELETE ${PATH}`, there("u1"));
    const controller = new AbortController();
    const options = { timeoutMs: 60_000, signal: controller.signal };
    const waiting = rejection(deleteAndWait(kubeOf(server), REF, options));
    setTimeout(() => controller.abort(new Error("enough")), 60);
    expect((await waiting).message).toBe("enough");
  });

  test("is refused when it may not delete", async () => {
    using server = await FakeApiServer.start();
    answers(server, there("u1"));
    server.on(`DELETE ${PATH}`, (answer) => answer.refuse(403, "Forbidden", "not you"));
    const error = await rejection(deleteAndWait(kubeOf(server), REF, IN_TIME));
    expect(error.message).toBe("cannot delete ConfigMap a/x: not you");
  });
});

/** Answers one GET after the other, the last one for ever. */
function answers(server: FakeApiServer, ...handlers: Handler[]): void {
  server.on(`GET ${PATH}`, (answer, request) => {
    const [handler] = handlers.length > 1 ? handlers.splice(0, 1) : handlers;
    return handler?.(answer, request);
  });
}

function there(uid: string, metadata: object = {}): Handler {
  return (answer) => answer.json({ ...REF, metadata: { name: "x", namespace: "a", uid, ...metadata } });
}

const gone: Handler = (answer) => answer.refuse(404, "NotFound", "not found");
