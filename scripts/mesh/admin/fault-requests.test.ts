import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { TestSystem, until } from "../testing/test-system.ts";
import type { MeshState } from "./schema.ts";
import { firstEvents, SPLIT, stateOfMesh } from "../testing/live-state.ts";

const JSON_CHANGE = { "content-type": "application/json", "x-kyc-mesh": "1" };

describe("changes of the faults", () => {
  let system: TestSystem;

  beforeAll(async () => {
    system = await TestSystem.create();
    await system.start();
    await system.fetch("/");
  });

  afterAll(() => system?.[Symbol.asyncDispose]());

  const state = (): Promise<MeshState> => stateOfMesh(system);

  function change(body: unknown, headers: Record<string, string> = JSON_CHANGE): Promise<Response> {
    return system.fetch("/_mesh/faults", { method: "POST", headers, body: JSON.stringify(body) });
  }

  test("set a fault for one revision, show it as YAML, and clear it", async () => {
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
    ["a body that is not JSON", undefined, JSON_CHANGE, 400, "expected"],
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
    ["a fault that is not set", { clear: { revision: "a" } }, JSON_CHANGE, 404, "no fault is set"],
    ["no header", { clear: {} }, { "content-type": "application/json" }, 403, "x-kyc-mesh"],
    ["a form", { clear: {} }, { ...JSON_CHANGE, "content-type": "text/plain" }, 415, "application/json"],
    ["too much", { clear: { service: "x".repeat(5000) } }, JSON_CHANGE, 413, "4096 bytes"],
  ])("refuse %s, and name the expected form", async (_, body, headers, status, words) => {
    const response = await change(body, headers);
    const { title } = (await response.json()) as { title: string };
    expect({ status: response.status, title }).toEqual({ status, title: expect.stringContaining(words) });
    expect((await state()).faults.faults).toEqual([]);
  });
});
