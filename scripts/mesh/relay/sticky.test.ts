import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { HeaderList } from "../../route-fields/headers/header-list.ts";
import { echoRevision, echoTraffic, TestSystem, until } from "../testing/test-system.ts";
import { stickyKey } from "./sticky.ts";

describe("the key of a request", () => {
  const request = {
    target: "/a?user=u%201&x=2",
    headers: new HeaderList(["x-user", "u1", "cookie", 'other=1; session="s1"']),
  };
  const key = (policy: Parameters<typeof stickyKey>[0]) =>
    stickyKey(policy, request, "10.0.0.1", () => "new");
  const cookie = { kind: "cookie", path: "/", ttlSeconds: 60 } as const;

  test("is the value that the policy names", () => {
    expect(key({ kind: "header", name: "x-user" })).toEqual({ key: "u1" });
    expect(key({ kind: "query", name: "user" })).toEqual({ key: "u 1" });
    expect(key({ kind: "address" })).toEqual({ key: "10.0.0.1" });
    expect(key({ ...cookie, name: "session" })).toEqual({ key: "s1" });
  });

  test("is absent if the request has no such value", () => {
    expect(key({ kind: "header", name: "x-other" })).toBeUndefined();
    expect(key({ kind: "query", name: "other" })).toBeUndefined();
    expect(key({ ...cookie, name: "new", ttlSeconds: undefined })).toBeUndefined();
  });

  test("is a new cookie if the policy has a lifetime", () => {
    expect(key({ ...cookie, name: "new" })).toEqual({
      key: "new",
      setCookie: 'new="new"; Max-Age=60; Path=/; HttpOnly',
    });
    expect(key({ ...cookie, name: "new", path: undefined, ttlSeconds: 0 })?.setCookie).toBe(
      'new="new"; HttpOnly',
    );
  });
});

describe("a revision of several processes", () => {
  const policy = (hash: string): string => `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: sticky, namespace: test}
spec:
  host: echo-a
  trafficPolicy: {loadBalancer: {consistentHash: {${hash}}}}
`;
  let system: TestSystem;
  beforeAll(async () => {
    system = await TestSystem.create();
    await system.remove("knative/echo/2-b.yaml");
    const three = { annotations: { "min-scale": "3", "max-scale": "3" } };
    await system.write("knative/echo/1-a.yaml", echoRevision("a", {}, three) + echoTraffic({ a: 100 }));
    await system.write("istio/sticky.yaml", policy("httpHeaderName: x-user"));
    const mesh = await system.start();
    await until("three processes are ready", () =>
      system.events.revisions.some((line) => line.includes("3 of 3") || line.includes("with 3 processes")),
    );
    expect(mesh.processes().get("echo-a")).toHaveLength(3);
  });
  afterAll(() => system[Symbol.asyncDispose]());

  /** Returns the processes that answer concurrent requests. */
  async function processes(headers: (i: number) => Record<string, string>): Promise<Set<number>> {
    const answers = await Promise.all(
      Array.from({ length: 24 }, async (_, i) => {
        const response = await system.fetch("/", { headers: headers(i) });
        return ((await response.json()) as { pid: number }).pid;
      }),
    );
    return new Set(answers);
  }

  test("serves one caller from one process, and different callers from all", async () => {
    expect((await processes(() => ({ "x-user": "u1" }))).size).toBe(1);
    expect((await processes((i) => ({ "x-user": `u${i}` }))).size).toBe(3);
  });

  test("sets a cookie for a caller without one, and uses it afterwards", async () => {
    await system.write("istio/sticky.yaml", policy("httpCookie: {name: session, path: /, ttl: 60s}"));
    let cookie = "";
    await until("a cookie is set", async () => {
      const response = await system.fetch("/");
      await response.body?.cancel();
      cookie = response.headers.get("set-cookie") ?? "";
      return cookie !== "";
    });
    expect(cookie).toMatch(/^session="[-0-9a-f]+"; Max-Age=60; Path=\/; HttpOnly$/);
    const own = cookie.split(";")[0] ?? "";
    expect((await processes(() => ({ cookie: own }))).size).toBe(1);
    expect((await system.fetch("/", { headers: { cookie: own } })).headers.get("set-cookie")).toBeNull();
  });
});
