import { describe, expect, test } from "bun:test";
import { planChange, type PlanOptions, Refused, UnknownTarget } from "./plan-change.ts";
import { FakeEngine, targetsOf } from "./testing/fake-engine.ts";

function options({
  traffic,
  tags = [],
  untags = [],
  ...rest
}: {
  traffic?: string[];
  tags?: string[];
  untags?: string[];
  allowMissing?: boolean;
  force?: boolean;
}): PlanOptions {
  return { flags: { traffic, tags, untags }, allowMissing: false, force: false, ...rest };
}

async function refusal(engine: FakeEngine, of: Parameters<typeof options>[0]): Promise<string> {
  const error: unknown = await planChange(engine, options(of)).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(Refused);
  return error instanceof Error ? error.message : "";
}

describe("a planned change", () => {
  test("has kn's result for the flags, and the share of requests that it moves", async () => {
    const change = await planChange(new FakeEngine(), options({ traffic: ["basic=90", "advanced=10"] }));
    expect(change.after).toEqual(targetsOf({ basic: 90, advanced: 10 }));
    expect(change.changedShare).toBe(40);
    expect(change.remainder).toBeUndefined();
  });

  test("names the revision that gets the remainder", async () => {
    const change = await planChange(new FakeEngine(), options({ traffic: ["advanced=10"] }));
    expect(change.remainder).toEqual({ revision: "check-basic", percent: 90 });
    expect(change.after).toEqual(targetsOf({ basic: 90, advanced: 10 }));
  });

  test("is refused with kn's message if kn refuses", async () => {
    expect(await refusal(new FakeEngine(), { traffic: ["basic=110"] })).toBe(
      "invalid value for traffic percent 110, expected 0 <= percent <= 100",
    );
  });

  test("is refused if a target named by its tag would also get the remainder, as in kn", async () => {
    const told = await refusal(new FakeEngine(), { traffic: ["basic=90"] });
    expect(told).toContain("Traffic targets sum to 10, want 100: spec.traffic\n");
    expect(told).toEndWith("give every target its percent.");
  });

  test("is refused if a name does not exist, unless that is allowed", async () => {
    const engine = new FakeEngine();
    expect(await refusal(engine, { traffic: ["bsaic=100"] })).toMatch(
      /did you mean basic\?\nNothing was changed/,
    );
    // A mistake of usage, unlike a change that would do harm.
    await expect(planChange(engine, options({ traffic: ["bsaic=100"] }))).rejects.toBeInstanceOf(
      UnknownTarget,
    );
    const change = await planChange(engine, options({ traffic: ["check-v9=100"], allowMissing: true }));
    expect(change.after.at(-1)).toEqual({
      revision: "check-v9",
      tag: undefined,
      percent: 100,
      latest: false,
    });
  });

  test("is refused if it gives more to a revision that is not ready, unless forced", async () => {
    const engine = new FakeEngine();
    engine.states = [
      { name: "check-basic", ready: true, reason: undefined },
      { name: "check-advanced", ready: false, reason: "ImagePullBackOff" },
    ];
    const traffic = ["basic=40", "advanced=60"];
    expect(await refusal(engine, { traffic })).toMatch(/^check-advanced is not ready: ImagePullBackOff\n/);
    expect((await planChange(engine, options({ traffic, force: true }))).changedShare).toBe(10);
    // Less traffic does no harm.
    expect((await planChange(engine, options({ traffic: ["basic=60", "advanced=40"] }))).changedShare).toBe(
      10,
    );
    engine.running = false;
    expect((await planChange(engine, options({ traffic }))).changedShare).toBe(10);
  });

  test("computes the rest by the status of the engine, as kn does", async () => {
    const engine = new FakeEngine();
    const traffic = [{ revisionName: "check-advanced", latestRevision: true, percent: 100 }];
    const taken = Object.assign(engine, { status: async () => ({ traffic, latest: "check-advanced" }) });
    expect(await refusal(taken, { traffic: ["advanced=10"] })).toEndWith(
      "incorrect number of revisions specified. Only 1 revision should be missing",
    );
  });

  test("takes the last ready revision for @latest", async () => {
    const engine = new FakeEngine();
    engine.states.push({ name: "check-v3", ready: false, reason: "it starts" });
    const { after } = await planChange(engine, options({ traffic: ["100"] }));
    expect(after.at(-1)).toEqual({ revision: "check-advanced", tag: undefined, percent: 100, latest: true });
  });
});
