import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Check } from "typebox/schema";
import { echoRevision, echoTraffic, TestSystem, until } from "../testing/system.ts";
import { MeshEvent, MeshState, type ServedEvent } from "./schema.ts";

// Where `traffic:` stands in the file of revision b.
const SPLIT_LINE = echoRevision("b").split("\n").length;
const SPLIT = `knative/echo/2-b.yaml:${SPLIT_LINE}`;

const JSON_CHANGE = { "content-type": "application/json", "x-kyc-mesh": "1" };

describe("the mesh's own paths", () => {
  let system: TestSystem;

  beforeAll(async () => {
    system = await TestSystem.create();
    await system.start();
    await system.fetch("/");
  });

  afterAll(() => system?.[Symbol.asyncDispose]());

  async function state(): Promise<MeshState> {
    const value: unknown = await (await system.fetch("/_mesh/state")).json();
    if (!Check(MeshState, value)) throw new Error(`no state: ${JSON.stringify(value)}`);
    return value;
  }

  function change(body: unknown, headers: Record<string, string> = JSON_CHANGE): Promise<Response> {
    return system.fetch("/_mesh/faults", { method: "POST", headers, body: JSON.stringify(body) });
  }

  test("tell what is planned and what was seen, revision by revision", async () => {
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
    // What a tag pins is no choice of the split.
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

  test("name the file and line of each rule, in words", async () => {
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

  test("come before every route, and are no requests of the system", async () => {
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

  test("answer HEAD without a body, and nobody keeps or embeds what they answer", async () => {
    const response = await system.fetch("/_mesh/state", { method: "HEAD" });
    expect([response.status, await response.text()]).toEqual([200, ""]);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("cross-origin-resource-policy")).toBe("same-origin");
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
  });

  test("refuse a name that is not this machine's", async () => {
    const response = await system.fetch("/_mesh/state", { headers: { host: "rebound.example" } });
    expect(response.status).toBe(403);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
  });

  test("tell each request as it is served, and whether a split chose", async () => {
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
      broken: null,
      route: SPLIT,
      split: SPLIT,
    });
    expect(two).toMatchObject({ revision: "echo-b", path: "/two", split: null });
    expect(two?.route).toMatch(/^knative\/echo\/2-b\.yaml:/);
  });

  test("switch a fault on for one revision, show it as YAML, and off again", async () => {
    const told = (await state()).faults;
    expect(told).toEqual({ faults: [], yaml: "" });
    const set = await change({
      set: { service: "echo", revision: "a", error: { percent: 100, status: 503 } },
    });
    expect(set.status).toBe(200);
    const { faults } = await state();
    expect(faults.faults).toEqual([
      { service: "echo", revision: "echo-a", error: { percent: 100, status: 503 } },
    ]);
    expect(faults.yaml).toContain("kind: VirtualService");
    const response = await system.fetch("/_mesh/events");
    const statuses = async (): Promise<Set<string>> => {
      const seen = new Set<string>();
      for (let i = 0; i < 40; i++) {
        const { status } = await system.fetch("/");
        seen.add(String(status));
      }
      return seen;
    };
    expect([...(await statuses())].sort()).toEqual(["200", "503"]);
    for (const { revision, status, fault, split } of await firstEvents(response, 40)) {
      expect({ status, fault }).toEqual(
        revision === "echo-a" ? { status: 503, fault: true } : { status: 200, fault: false },
      );
      expect(split).toBe(SPLIT);
    }
    expect((await state()).services[0]?.revisions[0]?.traffic.errors).toBeGreaterThan(0);
    expect((await change({ clear: { revision: "a" } })).status).toBe(200);
    expect([...(await statuses())]).toEqual(["200"]);
  });

  test("keep a fault through an edit of the files", async () => {
    await change({ set: { service: "echo", revision: "echo-b", error: { percent: 100, status: 418 } } });
    const { generation } = await state();
    await system.split({ a: 0, b: 100 });
    await until("the edit is in force", async () => (await state()).generation > generation);
    expect((await system.fetch("/")).status).toBe(418);
    await change({ clear: {} });
    expect((await system.fetch("/")).status).toBe(200);
    await system.split({ a: 50, b: 50 });
    await until("the edit is in force", async () => (await state()).generation > generation + 1);
  });

  test.each([
    ["a wrong body", { set: { service: "echo" } }, JSON_CHANGE, 400, "expected"],
    ["a body that is no JSON", undefined, JSON_CHANGE, 400, "expected"],
    [
      "an unknown service",
      { set: { service: "ecko", revision: "a", delay: { percent: 1, ms: 1 } } },
      JSON_CHANGE,
      404,
      "did you mean echo?",
    ],
    [
      "an unknown revision",
      { set: { service: "echo", revision: "echo-c", delay: { percent: 1, ms: 1 } } },
      JSON_CHANGE,
      404,
      "did you mean echo-a?",
    ],
    [
      "nothing to do",
      { set: { service: "echo", revision: "a" } },
      JSON_CHANGE,
      404,
      "give an error, a delay or both",
    ],
    ["a fault that is not on", { clear: { revision: "a" } }, JSON_CHANGE, 404, "no fault is on"],
    ["no header", { clear: {} }, { "content-type": "application/json" }, 403, "x-kyc-mesh"],
    ["a form", { clear: {} }, { ...JSON_CHANGE, "content-type": "text/plain" }, 415, "application/json"],
    ["too much", { clear: { service: "x".repeat(5000) } }, JSON_CHANGE, 413, "4096 bytes"],
  ])("refuse %s, and say what is expected", async (_, body, headers, status, words) => {
    const response = await change(body, headers);
    const { title } = (await response.json()) as { title: string };
    expect({ status: response.status, title }).toEqual({ status, title: expect.stringContaining(words) });
    expect((await state()).faults.faults).toEqual([]);
  });
});

test("an edit that is not valid is shown with its place until it is; one that is waits for its revision", async () => {
  await using system = await TestSystem.create();
  await system.start();
  const state = async (): Promise<MeshState> =>
    (await (await system.fetch("/_mesh/state")).json()) as MeshState;
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

test("the mesh ends while somebody listens to its events, and tells them so", async () => {
  await using system = await TestSystem.create();
  const mesh = await system.start();
  const response = await system.fetch("/_mesh/events");
  const text = response.text();
  await mesh.stop();
  expect(JSON.parse(await text)).toMatchObject({ end: "the mesh ends" });
});

/** The first events of a stream, which is given up then. */
async function firstEvents(response: Response, count: number): Promise<ServedEvent[]> {
  const events: ServedEvent[] = [];
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of response.body ?? []) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const event: unknown = JSON.parse(line);
      if (!Check(MeshEvent, event) || "end" in event) throw new Error(`no request: ${line}`);
      events.push(event);
    }
    if (events.length >= count) break;
  }
  return events;
}
