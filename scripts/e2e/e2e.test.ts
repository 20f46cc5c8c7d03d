import { describe, expect, test } from "bun:test";
import { podObject } from "../cluster/workload/fake-objects.ts";
import { FakeCluster } from "../cluster/testing/fake-cluster.ts";
import { scenarios } from "./e2e.ts";
import { figure, type Scenario } from "./scenario.ts";
import { fakeStage } from "./fake-stage.ts";

const ALL = { only: undefined, keep: false };

function scenario(name: string): Scenario {
  const [found] = scenarios({ ...ALL, only: name });
  if (found === undefined) throw new Error(`there is no scenario ${name}`);
  return found;
}

describe("the end-to-end test", () => {
  test("begins with the contract and ends by removing the deployed objects, unless they are kept", () => {
    const names = scenarios(ALL).map(({ name }) => name);
    expect(names[0]).toBe("contract");
    expect(names.at(-1)).toBe("down");
    expect(new Set(names).size).toBe(names.length);
    expect(scenarios({ ...ALL, keep: true }).map(({ name }) => name)).toEqual(names.slice(0, -1));
  });

  test("runs only scenarios whose names contain a text", () => {
    const only = scenarios({ ...ALL, only: "SPLITS BY" }).map(({ name }) => name);
    expect(only).toEqual(["splits by Knative", "splits by Istio"]);
    expect(scenarios({ ...ALL, only: "zzz" })).toEqual([]);
  });

  test("restores all folders after each scenario that applies others", async () => {
    const changing = ["splits by", "switching", "weight changes", "next version", "in git"];
    for (const { name, clean } of changing.flatMap((only) => scenarios({ ...ALL, only }))) {
      const stage = fakeStage();
      await clean?.(stage);
      expect(`${name}: ${stage.deployed.join()}`).toBe(`${name}: knative istio`);
    }
  });
});

describe("deploying twice", () => {
  const seen = async (changes: { object: string; change: "created" | "unchanged" | "skipped" }[]) => {
    const stage = fakeStage({ deploy: async () => ({ changes, conflicts: [] }) });
    return scenario("twice").run(stage);
  };

  test("holds if the second time changes nothing", async () => {
    expect(await seen([{ object: "Gateway kyc/kyc", change: "unchanged" }])).toMatchObject([
      { expected: "nothing", seen: "nothing", ok: true },
    ]);
  });

  test("names the changed objects otherwise", async () => {
    expect(await seen([{ object: "Gateway kyc/kyc", change: "created" }])).toMatchObject([
      { seen: "Gateway kyc/kyc created", ok: false },
    ]);
  });
});

test("objects that down leaves are named, and the check fails", async () => {
  const down = scenario("down");
  expect(await down.run(fakeStage())).toMatchObject([{ seen: "nothing", ok: true }]);
  const takeBack = async (): Promise<string[]> => ["Namespace kyc", "Secret istio-system/x"];
  expect(await down.run(fakeStage({ takeBack }))).toMatchObject([
    { seen: "Namespace kyc, Secret istio-system/x", ok: false },
  ]);
});

describe("scaling from zero", () => {
  const answering = async (status: number, check: (ingress: string) => Promise<void>): Promise<void> => {
    using gateway = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: () => new Response("{}", { status }),
    });
    await check(`http://127.0.0.1:${gateway.port}`);
  };

  test("waits until only terminating pods are left, and reports the time of the first answer", async () => {
    const cluster = new FakeCluster();
    const ending = podObject("credit-check", "credit-check-basic");
    cluster.put({ ...ending, metadata: { ...ending.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } });
    await answering(200, async (ingress) => {
      const results = await scenario("from zero").run(fakeStage({ kube: cluster.kube, ingress }));
      expect(results.map(({ name, ok }) => `${name} ${ok}`)).toEqual([
        "the first request true",
        "its answer, through two services that had to start true",
        "the answer after it true",
      ]);
    });
  });

  test("fails if the first answer is a failure", async () => {
    await answering(503, async (ingress) => {
      const [first] = await scenario("from zero").run(fakeStage({ ingress }));
      expect(first).toMatchObject({ expected: "200", seen: "503", ok: false });
    });
  });
});

describe("a figure", () => {
  test.each([
    [figure("g", "n", 0, "", 0), { expected: "at most 0", seen: "0", ok: true }],
    [figure("g", "n", 1, "", 0), { expected: "at most 0", seen: "1", ok: false }],
    [figure("g", "n", 4.567, "s"), { expected: "4.57 s", seen: "4.57 s", ok: true }],
    [figure("g", "n", 123.4, "ms", 200), { expected: "at most 200 ms", seen: "123 ms", ok: true }],
  ])("is reported with its unit and bound", (result, expected) => {
    expect(result).toMatchObject(expected);
  });
});
