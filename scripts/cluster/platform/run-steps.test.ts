import { describe, expect, test } from "bun:test";
import { Interrupted, Unable } from "../user-error.ts";
import { runSteps } from "./run-steps.ts";
import type { Step, StepView } from "./step.ts";
import { fakeSite } from "./fake-platform.ts";

/** A step that is so when its name is in the world, and puts it there. */
function step(name: string, world: Set<string>, more: Partial<Step> = {}): Step {
  return {
    name,
    title: name.toUpperCase(),
    look: async () =>
      world.has(name) ? { so: true, detail: "is there" } : { so: false, detail: "is missing" },
    make: async (_, tell) => {
      tell("working", "1 of 2");
      world.add(name);
      return "was made";
    },
    ...more,
  };
}

function states(views: readonly StepView[]): string {
  return views.map(({ name, state }) => `${name} ${state}`).join(", ");
}

const { site } = fakeSite();

describe("steps", () => {
  test("are made in order, those that are so already are not", async () => {
    const world = new Set(["b"]);
    const views = await runSteps(
      ["a", "b", "c"].map((name) => step(name, world)),
      site,
    );
    expect(states(views)).toBe("a made, b there, c made");
    expect(views.map(({ detail }) => detail)).toEqual(["was made", "is there", "was made"]);
    const again = await runSteps(
      ["a", "b", "c"].map((name) => step(name, world)),
      site,
    );
    expect(states(again)).toBe("a there, b there, c there");
  });

  test("tell what they do, and for how long", async () => {
    const seen: string[] = [];
    let now = 0;
    await runSteps([step("a", new Set())], site, {
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
        look: (at) => {
          looked.push(name);
          return made.look(at);
        },
      };
    };
    await runSteps([counting("a"), counting("b")], site);
    expect(looked).toEqual(["a", "b", "b"]);
  });

  test("change nothing in a dry run", async () => {
    const world = new Set(["a"]);
    const views = await runSteps(
      ["a", "b"].map((name) => step(name, world)),
      site,
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
    const looking = { ...after, look: () => (world.has("cluster") ? after.look(site) : noCluster()) };
    expect(states(await runSteps([opening, looking], site, { dryRun: true }))).toBe("cluster due, a unknown");
    expect(states(await runSteps([opening, looking], site))).toBe("cluster made, a made");
  });
});

describe("what is missing on this machine", () => {
  test("is told all at once, before anything is made", async () => {
    const world = new Set(["c"]);
    const needing = (name: string, needs: string[]): Step => step(name, world, { needs: async () => needs });
    const steps = [needing("a", ["get x"]), needing("b", ["get y", "get x"]), needing("c", ["get z"])];
    const attempt = runSteps(steps, site);
    await expect(attempt).rejects.toThrow(Unable);
    await expect(attempt).rejects.toThrow(/^get x\nget y$/);
    expect([...world]).toEqual(["c"]);
  });

  test("is asked of steps that could not be looked at, too", async () => {
    const asked: [string, boolean][] = [];
    const needing = (name: string, more: Partial<Step> = {}): Step =>
      step(name, new Set(), {
        needs: async (_, isSeen) => {
          asked.push([name, isSeen]);
          return [];
        },
        ...more,
      });
    await runSteps([needing("a", { opensCluster: true }), needing("b")], site, { dryRun: true });
    expect(asked).toEqual([
      ["a", true],
      ["b", false],
    ]);
  });
});

describe("consent", () => {
  test("is asked once, for what is to be made", async () => {
    const asked: string[] = [];
    const agree = async (due: readonly StepView[]): Promise<void> => void asked.push(states(due));
    const world = new Set(["a"]);
    const steps = ["a", "b", "c"].map((name) => step(name, world));
    await runSteps(steps, site, { agree });
    await runSteps(steps, site, { agree });
    expect(asked).toEqual(["b due, c due"]);
  });

  test("is not asked for a check", async () => {
    const asked: string[] = [];
    const agree = async (due: readonly StepView[]): Promise<void> => void asked.push(states(due));
    const check = step("check", new Set(), { readsOnly: true });
    expect(states(await runSteps([check], site, { agree }))).toBe("check made");
    await runSteps([step("a", new Set()), check], site, { agree });
    expect(asked).toEqual(["a due"]);
  });

  test("that is refused leaves all as it is", async () => {
    const world = new Set<string>();
    const agree = async (): Promise<never> => {
      throw new Unable("no");
    };
    await expect(runSteps([step("a", world)], site, { agree })).rejects.toThrow("no");
    expect(world.size).toBe(0);
  });
});

describe("a step that fails", () => {
  test("ends the run; what was made stays, and the next run goes on there", async () => {
    const world = new Set<string>();
    let broken = true;
    const b = step("b", world);
    const failing: Step = {
      ...b,
      make: (at, tell) => {
        tell("trying");
        if (broken) throw new Unable("b cannot");
        return b.make(at, tell);
      },
    };
    let last: readonly StepView[] = [];
    const run = (): Promise<StepView[]> =>
      runSteps([step("a", world), failing, step("c", world)], site, { onSteps: (views) => (last = views) });
    await expect(run()).rejects.toThrow("b cannot");
    expect(states(last)).toBe("a made, b failed, c due");
    expect(last[1]?.detail).toBe("trying");
    broken = false;
    expect(states(await run())).toBe("a there, b made, c made");
  });

  test("because the user ended it is an interruption, whatever it threw", async () => {
    const controller = new AbortController();
    const { site: own } = fakeSite({ signal: controller.signal });
    const stopping = step("a", new Set(), {
      make: async () => {
        controller.abort();
        throw new Error("a request was cut");
      },
    });
    await expect(runSteps([stopping], own)).rejects.toThrow(Interrupted);
    await expect(runSteps([step("a", new Set())], own)).rejects.toThrow(Interrupted);
  });
});
