import { describe, expect, test } from "bun:test";
import type { SplitTarget } from "../../traffic/split/split.ts";
import type { Outcome } from "../../sources/source.ts";
import { announceMesh } from "../../mesh/admin/dev-file.ts";
import { TestSystem } from "../../mesh/testing/test-system.ts";
import { meshSource } from "../../sources/mesh/mesh-outcomes.ts";
import { localEngine } from "./local-engine.ts";

function to(targets: readonly SplitTarget[], ...percents: number[]): SplitTarget[] {
  return targets.map((target, i) => ({ ...target, percent: percents[i] ?? 0 }));
}

describe("the split of a running mesh", () => {
  test("is in force when inForce resolves, and outcomes of requests are reported", async () => {
    await using system = await TestSystem.create();
    const mesh = await system.start();
    const { port, localPort } = mesh;
    await announceMesh({ port, localPort, pid: process.pid, root: system.root });
    const engine = await localEngine({ root: system.root, service: "echo" });
    const source = meshSource({ root: system.root }, "echo");
    expect(await engine.runs()).toBe(true);
    const seen: Outcome[] = [];
    const end = new AbortController();
    const listening = (async () => {
      for await (const outcomes of source.outcomes(end.signal)) seen.push(...outcomes);
    })();
    await system.fetch("/");
    for (const [a, b] of [
      [0, 100],
      [100, 0],
      [0, 100],
    ] as const) {
      const { targets, version } = await engine.read();
      await engine.write(to(targets, a, b), version, "test");
      await engine.inForce(AbortSignal.timeout(10_000));
      seen.length = 0;
      for (let i = 0; i < 20; i++) await (await system.fetch("/")).text();
      while (seen.length < 20) await Bun.sleep(5);
      expect(new Set(seen.map(({ revision }) => revision))).toEqual(
        new Set([b === 100 ? "echo-b" : "echo-a"]),
      );
      expect(seen.every(({ ok, count, ms }) => ok && count === 1 && ms > 0)).toBe(true);
    }
    expect(await engine.revisions()).toEqual([
      { name: "echo-a", ready: true, reason: undefined },
      { name: "echo-b", ready: true, reason: undefined },
    ]);
    end.abort();
    await listening;
  });
});
