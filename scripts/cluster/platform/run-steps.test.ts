import { describe, expect, test } from "bun:test";
import { Interrupted, UserError } from "../user-error.ts";
import { runSteps } from "./run-steps.ts";
import type { Step, StepView } from "./step.ts";
import { fakePlatform } from "./fake-platform.ts";

/** A step that is done if its name is in `world`; running it adds the name. */
function step(name: string, world: Set<string>, more: Partial<Step> = {}): Step {
  return {
    name,
    title: name.toUpperCase(),
    inspect: async () =>
      world.has(name) ? { done: true, detail: "is there" } : { done: false, detail: "is missing" },
    run: async (_, report) => {
      report("working", "1 of 2");
      world.add(name);
      return "was made";
    },
    ...more,
  };
}

function states(views: readonly StepView[]): string {
  return views.map(({ name, state }) => `${name} ${state}`).join(", ");
}

const { platform } = fakePlatform();

describe("steps", () => {
  test("are made in order, those that are so already are not", async () => {
    const world = new Set(["b"]);
    const views = await runSteps(
      ["a", "b", "c"].map((name) => step(name, world)),
      platform,
    );
    expect(states(views)).toBe("a made, b there, c made");
    expect(views.map(({ detail }) => detail)).toEqual(["was made", "is there", "was made"]);
    const again = await runSteps(
      ["a", "b", "c"].map((name) => step(name, world)),
      platform,
    );
    expect(states(again)).toBe("a there, b there, c there");
  });

  test("report their actions and durations", async () => {
    const seen: string[] = [];
    let now = 0;
    await runSteps([step("a", new Set())], platform, {
      onSteps: ([view]) => view && seen.push([view.state, view.detail, view.passing, view.tookMs].join("|")),
      now: () => (now += 500),
    });
    expect(seen).toEqual([
      "looking|||",
      "due|is missing||",
      "making|||",
      "making|working|1 of 2|",
      "made|was made||500",
    ]);
  });

  test("are looked at again when something was made since", async () => {
    const world = new Set<string>();
    const looked: string[] = [];
    const counting = (name: string): Step => {
      const made = step(name, world);
      return {
        ...made,
        inspect: (at) => {
          looked.push(name);
          return made.inspect(at);
        },
      };
    };
    await runSteps([counting("a"), counting("b")], platform);
    expect(looked).toEqual(["a", "b", "b"]);
  });

  test("change nothing in a dry run", async () => {
    const world = new Set(["a"]);
    const views = await runSteps(
      ["a", "b"].map((name) => step(name, world)),
      platform,
      { dryRun: true },
    );
    expect(states(views)).toBe("a there, b due");
    expect([...world]).toEqual(["a"]);
  });

  test("after the one that brings the cluster are looked at when it is there", async () => {
    const world = new Set<string>();
    const noCluster = async (): Promise<never> => {
      throw new Error("no cluster");
    };
    const opening = step("cluster", world, { opensCluster: true });
    const after = step("a", world);
    const looking = {
      ...after,
      inspect: () => (world.has("cluster") ? after.inspect(platform) : noCluster()),
    };
    expect(states(await runSteps([opening, looking], platform, { dryRun: true }))).toBe(
      "cluster due, a unknown",
    );
    expect(states(await runSteps([opening, looking], platform))).toBe("cluster made, a made");
  });
});

describe("programs that are missing on this machine", () => {
  test("is reported all at once, before anything is made", async () => {
    const world = new Set(["c"]);
    const needing = (name: string, needs: string[]): Step => step(name, world, { needs: async () => needs });
    const steps = [needing("a", ["get x"]), needing("b", ["get y", "get x"]), needing("c", ["get z"])];
    const attempt = runSteps(steps, platform);
    await expect(attempt).rejects.toThrow(UserError);
    await expect(attempt).rejects.toThrow(/^get x\nget y$/);
    expect([...world]).toEqual(["c"]);
  });

  test("includes those of steps that could not be inspected", async () => {
    const asked: [string, boolean][] = [];
    const needing = (name: string, more: Partial<Step> = {}): Step =>
      step(name, new Set(), {
        needs: async (_, isSeen) => {
          asked.push([name, isSeen]);
          return [];
        },
        ...more,
      });
    await runSteps([needing("a", { opensCluster: true }), needing("b")], platform, { dryRun: true });
    expect(asked).toEqual([
      ["a", true],
      ["b", false],
    ]);
  });
});

describe("consent", () => {
  test("is requested once, for all planned changes", async () => {
    const asked: string[] = [];
    const confirm = async (due: readonly StepView[]): Promise<void> => void asked.push(states(due));
    const world = new Set(["a"]);
    const steps = ["a", "b", "c"].map((name) => step(name, world));
    await runSteps(steps, platform, { confirm });
    await runSteps(steps, platform, { confirm });
    expect(asked).toEqual(["b due, c due"]);
  });

  test("is not requested for a check", async () => {
    const asked: string[] = [];
    const confirm = async (due: readonly StepView[]): Promise<void> => void asked.push(states(due));
    const check = step("check", new Set(), { readsOnly: true });
    expect(states(await runSteps([check], platform, { confirm }))).toBe("check made");
    await runSteps([step("a", new Set()), check], platform, { confirm });
    expect(asked).toEqual(["a due"]);
  });

  test("that is refused leaves all as it is", async () => {
    const world = new Set<string>();
    const confirm = async (): Promise<never> => {
      throw new UserError("no");
    };
    await expect(runSteps([step("a", world)], platform, { confirm })).rejects.toThrow("no");
    expect(world.size).toBe(0);
  });
});

describe("a step that fails", () => {
  test("ends the run; completed steps remain, and the next run continues there", async () => {
    const world = new Set<string>();
    let broken = true;
    const b = step("b", world);
    const failing: Step = {
      ...b,
      run: (at, report) => {
        report("trying");
        if (broken) throw new UserError("b cannot");
        return b.run(at, report);
      },
    };
    let last: readonly StepView[] = [];
    const run = (): Promise<StepView[]> =>
      runSteps([step("a", world), failing, step("c", world)], platform, {
        onSteps: (views) => (last = views),
      });
    await expect(run()).rejects.toThrow("b cannot");
    expect(states(last)).toBe("a made, b failed, c due");
    expect(last[1]?.detail).toBe("trying");
    broken = false;
    expect(states(await run())).toBe("a there, b made, c made");
  });

  test("because the user ended it is an interruption, whatever it threw", async () => {
    const controller = new AbortController();
    const { platform: own } = fakePlatform({ signal: controller.signal });
    const stopping = step("a", new Set(), {
      run: async () => {
        controller.abort();
        throw new Error("a request was cut");
      },
    });
    await expect(runSteps([stopping], own)).rejects.toThrow(Interrupted);
    await expect(runSteps([step("a", new Set())], own)).rejects.toThrow(Interrupted);
  });
});
