import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { echoRevision, echoTraffic, TestSystem, until } from "../testing/test-system.ts";
import type { MeshState } from "./schema.ts";
import { firstEvents, SPLIT, SPLIT_LINE, stateOfMesh } from "../testing/live-state.ts";

describe("the mesh's own paths", () => {
  let system: TestSystem;

  beforeAll(async () => {
    system = await TestSystem.create();
    await system.start();
    await system.fetch("/");
  });

  afterAll(() => system?.[Symbol.asyncDispose]());

  const state = (): Promise<MeshState> => stateOfMesh(system);

  test("report planned and observed shares of each revision", async () => {
    const before = await state();
    for (let i = 0; i < 60; i++) await system.fetch("/");
    for (let i = 0; i < 5; i++) await system.fetch("/", { headers: { host: "a-echo.test.localhost" } });
    const now = await state();
    const [echo] = now.services;
    expect(echo).toMatchObject({ name: "echo", namespace: "test", visibility: "public" });
    expect(echo?.splits).toMatchObject([{ by: "Knative", deciding: true, route: SPLIT }]);
    expect(echo?.splits[0]?.targets).toEqual([
      { revision: "echo-a", tag: "a", percent: 50, latest: false },
      { revision: "echo-b", tag: "b", percent: 50, latest: false },
    ]);
    const counts = (of: MeshState): number => of.services[0]?.splits[0]?.observed.requests ?? 0;
    // A tag's pinned requests are not chosen by the split.
    expect(counts(now) - counts(before)).toBe(60);
    for (const { share, low, high } of echo?.splits[0]?.observed.revisions ?? []) {
      expect(low).toBeLessThan(share);
      expect(share).toBeLessThan(high);
    }
    const [a, b] = echo?.revisions ?? [];
    expect(a).toMatchObject({ name: "echo-a", tags: ["a"], state: "ready", traffic: { errors: 0 } });
    const served = (a?.traffic.requests ?? 0) + (b?.traffic.requests ?? 0);
    expect(served).toBe(counts(now) + 5);
    expect(a?.traffic.p50Ms).toBeGreaterThan(0);
    expect(echo?.inflows).toMatchObject([{ listener: "ingress", requests: served, errors: 0 }]);
  });

  test("have figures of the requested time range, and refuse another", async () => {
    await system.fetch("/");
    const over = async (seconds: number): Promise<MeshState> =>
      (await (await system.fetch(`/_mesh/state?seconds=${seconds}`)).json()) as MeshState;
    const [short, middle, long] = await Promise.all([10, 60, 300].map(over));
    expect(short).toMatchObject({ windowSeconds: 10, stepSeconds: 1 });
    expect(middle).toMatchObject({ windowSeconds: 60, stepSeconds: 5 });
    expect(long).toMatchObject({ windowSeconds: 300, stepSeconds: 5 });
    const lengths = (state: MeshState | undefined): Set<number> =>
      new Set(
        state?.services.flatMap(({ revisions }) => revisions.map(({ traffic }) => traffic.series.length)),
      );
    expect(lengths(middle)).toContain(12);
    expect(lengths(long)).toContain(60);
    const response = await system.fetch("/_mesh/state?seconds=7");
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { title: "seconds=7: the state covers one of 10, 60, 300 seconds" },
    ]);
  });

  test("describe each rule, with its file and line", async () => {
    const { rules } = await state();
    expect(rules[0]).toMatchObject({
      object: "VirtualService routes",
      route: "istio/routes.yaml:8",
      hosts: ["*"],
      matches: [],
      action: "to knative-local-gateway; rewrite authority echo.test.svc.cluster.local",
    });
    expect(rules[1]).toMatchObject({ object: "Service echo", action: "50 % to echo-a, 50 % to echo-b" });
  });

  test("come before every route, and are not counted as requests", async () => {
    const before = await state();
    expect((await system.fetch("/_mesh/nothing")).status).toBe(404);
    expect((await system.fetch("/_mesh/state", { method: "DELETE" })).headers.get("allow")).toBe("GET, HEAD");
    expect((await system.fetch("/_meshed")).status).toBe(200);
    const after = await state();
    expect(
      (after.services[0]?.splits[0]?.observed.requests ?? 0) -
        (before.services[0]?.splits[0]?.observed.requests ?? 0),
    ).toBe(1);
    expect(after.unrouted.requests).toBe(before.unrouted.requests);
  });

  test("do not exist at the hosts within the cluster", async () => {
    const response = await fetch(`http://127.0.0.1:${system.mesh?.localPort}/_mesh/state`);
    expect(response.status).toBe(404);
  });

  test("answer HEAD without a body, and forbid caching and embedding", async () => {
    const response = await system.fetch("/_mesh/state", { method: "HEAD" });
    expect([response.status, await response.text()]).toEqual([200, ""]);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("cross-origin-resource-policy")).toBe("same-origin");
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
  });

  test("refuse a name that is not local", async () => {
    const response = await system.fetch("/_mesh/state", { headers: { host: "rebound.example" } });
    expect(response.status).toBe(403);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
  });

  test("report each served request, and whether a split chose its revision", async () => {
    const response = await system.fetch("/_mesh/events");
    await system.fetch("/one?secret=1");
    await system.fetch("/two", { headers: { host: "b-echo.test.localhost" } });
    await system.fetch("/nowhere", { headers: { host: "echo-a.other.localhost" } });
    const [one, two] = await firstEvents(response, 3);
    expect(one).toMatchObject({
      listener: "ingress",
      namespace: "test",
      service: "echo",
      method: "GET",
      path: "/one",
      status: 200,
      cold: false,
      fault: false,
      requestId: expect.any(String),
      broken: null,
      route: SPLIT,
      split: SPLIT,
    });
    expect(two).toMatchObject({ revision: "echo-b", path: "/two", split: null });
    expect(two?.route).toMatch(/^knative\/echo\/2-b\.yaml:/);
    expect(one).not.toHaveProperty("answer");
  });

  test("report the requested fields of answers, and refuse malformed ones", async () => {
    const fields = ["json:$.path", "json:$.none", "header:Content-Type"];
    const query = new URLSearchParams({ service: "echo" });
    for (const field of fields) query.append("answer", field);
    const response = await system.fetch(`/_mesh/events?${query}`);
    await system.fetch("/one");
    await system.fetch("/flood?mb=0");
    const [one, text] = await firstEvents(response, 2);
    expect(one?.answer).toEqual({
      "json:$.path": "/one",
      "json:$.none": { missing: "no such field" },
      "header:Content-Type": expect.stringContaining("application/json"),
    });
    expect(text?.answer?.["json:$.path"]).toEqual({ missing: "not JSON" });
    const wrong = await system.fetch("/_mesh/events?service=echo&answer=json:path");
    expect([wrong.status, await wrong.text()]).toEqual([
      400,
      expect.stringContaining("answer=json:path: expected is header:NAME, or json: and a path"),
    ]);
  });
});

test("an invalid edit is shown with its position until it is valid; a valid one waits for its revision", async () => {
  await using system = await TestSystem.create();
  await system.start();
  const state = (): Promise<MeshState> => stateOfMesh(system);
  const first = await state();
  expect(first).toMatchObject({ generation: 1, problems: [], waiting: [] });
  await system.split({ a: 70, b: 50 });
  await until("it is shown", async () => (await state()).problems.length > 0);
  const rejected = await state();
  expect(rejected.generation).toBe(1);
  expect(rejected.problems[0]).toMatchObject({
    at: { file: "knative/echo/2-b.yaml", line: SPLIT_LINE },
    field: "spec.traffic",
    message: "the percents sum to 120, and 100 are needed",
  });
  const slow = { START_AFTER_MS: "300" };
  await system.write("knative/echo/2-b.yaml", echoRevision("b"));
  await system.write("knative/echo/3-c.yaml", echoRevision("c", slow) + echoTraffic({ a: 10, c: 90 }));
  await until("it waits", async () => (await state()).waiting.length > 0);
  expect(await state()).toMatchObject({ problems: [], waiting: ["echo-c"] });
  await until("it is in force", async () => (await state()).waiting.length === 0);
  const { services } = await state();
  expect(services[0]?.revisions.map(({ name, state }) => [name, state])).toContainEqual(["echo-c", "ready"]);
  expect(services[0]?.splits[0]?.observed.requests).toBe(0);
});

test("a mesh that stops ends its event streams with a last line", async () => {
  await using system = await TestSystem.create();
  const mesh = await system.start();
  const response = await system.fetch("/_mesh/events");
  const text = response.text();
  await mesh.stop();
  expect(JSON.parse(await text)).toMatchObject({ end: "the mesh ends" });
});
