import { describe, expect, test } from "bun:test";
import { askOf, BOTH_VERSIONS, describeFailures, statusOf, underLoad, untilWarm } from "./load.ts";
import type { Ask } from "../cluster/verify/contract.ts";
import { fakeStage } from "./fake-stage.ts";

interface Asked {
  path: string;
  version: string | null;
}

/** An ingress that answers with these statuses in turn, then always with the last, and records the requests. */
function ingress(...statuses: number[]): { asked: Asked[]; url: string } & Disposable {
  const asked: Asked[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      const status = statuses[Math.min(asked.length, statuses.length - 1)] ?? 200;
      asked.push({ path: new URL(request.url).pathname, version: request.headers.get("end-user") });
      return new Response("{}", { status, headers: { "x-kyc-revision": "credit-check-basic" } });
    },
  });
  return { asked, url: `http://127.0.0.1:${server.port}`, [Symbol.dispose]: () => void server.stop(true) };
}

describe("the system", () => {
  test("is warm when both versions have answered ten times in a row", async () => {
    using gateway = ingress(200, 503, 200);
    await untilWarm(fakeStage({ ingress: gateway.url }), BOTH_VERSIONS);
    expect(gateway.asked).toHaveLength(2 + 20);
    const warm = gateway.asked.slice(2).map(({ version }) => version);
    expect(warm.filter((version) => version === "basic")).toHaveLength(10);
    expect(warm.filter((version) => version === "advanced")).toHaveLength(10);
    expect(new Set(gateway.asked.map(({ path }) => path))).toEqual(new Set(["/kyc/v1/customer"]));
  });

  test("has not answered if the response is cut off", async () => {
    using gateway = ingress(200);
    const stage = fakeStage({ ingress: gateway.url });
    let asked = 0;
    const cutOff = new ReadableStream({ start: (controller) => controller.error(new Error("reset")) });
    const ask: Ask = (...request) =>
      ++asked === 1 ? Promise.resolve(new Response(cutOff)) : askOf(stage)(...request);
    expect(await statusOf(ask, "/")).toBe(0);
    expect(await statusOf(ask, "/")).toBe(200);
  });

  test("is no longer waited for when the user ends the command", async () => {
    const stage = fakeStage({ signal: AbortSignal.abort() });
    await expect(untilWarm(stage)).rejects.toThrow("abort");
    await expect(askOf(stage)("/")).rejects.toThrow("abort");
  });
});

describe("a load", () => {
  test("runs before and after the change, and reports failures", async () => {
    using gateway = ingress(200, 500, 200);
    const stage = fakeStage({ ingress: gateway.url });
    let before = 0;
    const { results, failed } = await underLoad(stage, 20, async () => {
      before = gateway.asked.length;
    });
    expect(before).toBeGreaterThan(0);
    expect(results.length).toBeGreaterThan(before);
    expect(results).toHaveLength(gateway.asked.length);
    expect(describeFailures(failed)).toBe("1 x 500");
  });

  test("ends with its action when that fails", async () => {
    using gateway = ingress(200);
    const loading = underLoad(fakeStage({ ingress: gateway.url }), 20, () =>
      Promise.reject(new Error("gone")),
    );
    await expect(loading).rejects.toThrow("gone");
    const asked = gateway.asked.length;
    await Bun.sleep(120);
    expect(gateway.asked).toHaveLength(asked);
  });
});

test("failures are counted by kind", () => {
  const failure = (status: number, error?: string) => ({
    sentAt: 0,
    ms: 0,
    status,
    error,
    revision: undefined,
  });
  const failures = [failure(503), failure(0, "reset"), failure(503), failure(0)];
  expect(describeFailures(failures)).toBe("2 x 503, 1 x reset, 1 x no answer");
  expect(describeFailures([])).toBe("");
});
