import { describe, expect, test } from "bun:test";
import { ORIGINAL, once, World } from "../testing/lives.ts";
import { toTargets } from "../plan/targets.ts";

const WARM = async (): Promise<void> => {};
const shares = (world: World): number[] => world.engine.writes.map((targets) => targets[1]?.percent ?? -1);

describe("a rollout", () => {
  test("of a good candidate goes step by step to all traffic, and is promoted after the bake time", async () => {
    const world = new World();
    const state = await world.run({ warm: WARM });
    expect(state.phase).toBe("promoted");
    expect(shares(world)).toEqual([10, 50, 100]);
    expect(world.engine.live.targets).toEqual([
      { revision: "credit-check-basic", tag: "basic", percent: 0, latest: false },
      { revision: "credit-check-advanced", tag: "advanced", percent: 100, latest: false },
    ]);
    expect(world.entries.map((entry): string => entry.state.phase)).toEqual(
      "warming shifting settling judging shifting settling judging shifting settling baking promoted".split(
        " ",
      ),
    );
  });

  test("of a candidate that errs goes back to the split as it was, with the reason", async () => {
    const world = new World({ errors: 0.5 });
    const state = await world.run();
    expect(state.phase).toBe("rolled back");
    expect(state.reason).toMatch(/^[5-9] errors and \d+ good answers of the candidate$/);
    expect(world.engine.live.targets).toEqual([...ORIGINAL]);
  });

  test("of a candidate that begins to err with all traffic goes back from there", async () => {
    const world = new World({ settings: { bakeMs: 60_000 } });
    const running = world.run({
      events: {
        onEntry({ state }) {
          if (state.phase === "baking")
            world.engine.behave({ "credit-check-advanced": { errors: 1, ms: 10 } });
        },
        onBeat() {},
        onTrouble() {},
      },
    });
    expect((await running).phase).toBe("rolled back");
    expect(world.engine.live.targets).toEqual([...ORIGINAL]);
  });

  test("whose candidate is never ready goes back at the deadline, and says why it was not", async () => {
    const world = new World({
      engine: {
        behaviours: {
          "credit-check-basic": { errors: 0, ms: 10 },
          "credit-check-advanced": { errors: 0, ms: 10, readyAtMs: Number.POSITIVE_INFINITY },
        },
      },
    });
    const state = await world.run();
    expect(state.phase).toBe("rolled back");
    expect(state.reason).toBe(
      "credit-check-advanced was not ready within 30 s: ImagePullBackOff: there is no such image",
    );
    expect(world.engine.writes).toEqual([]);
  });

  test("whose candidate does not answer its first request goes back without a request of anybody's", async () => {
    const world = new World();
    const state = await world.run({ warm: () => Promise.reject(new Error("it answered 503")) });
    expect(state.reason).toBe(
      "credit-check-advanced did not answer its first request within 30 s: it answered 503",
    );
    expect(world.engine.writes).toEqual([]);
  });

  test("in silence is held at its limit, and goes on when it is asked to", async () => {
    const world = new World({ engine: { rps: 0 } });
    const state = await world.run();
    expect(state.phase).toBe("held");
    expect(state.reason).toBe("undecided after 2 min: 0 errors and 0 good answers of the candidate");
    expect(shares(world)).toEqual([10]);
    const again = await world.resume();
    expect(again.phase).toBe("held");
    expect(world.entries.map((entry) => entry.state.phase).slice(-2)).toEqual(["judging", "held"]);
  });

  test("in silence goes forward or back where that is asked for", async () => {
    const forward = new World({ engine: { rps: 0 }, settings: { onUndecided: "advance" } });
    expect((await forward.run()).phase).toBe("promoted");
    const back = new World({ engine: { rps: 0 }, settings: { onUndecided: "abort" } });
    expect((await back.run()).phase).toBe("rolled back");
    expect(back.engine.live.targets).toEqual([...ORIGINAL]);
  });

  test("stops when somebody else changes the split, and leaves theirs", async () => {
    const world = new World();
    const theirs = [
      { revision: "credit-check-basic", tag: "basic", percent: 70, latest: false },
      { revision: "credit-check-advanced", tag: "advanced", percent: 30, latest: false },
    ];
    const state = await world.run({
      events: {
        onEntry(entry) {
          if (entry.state.phase === "judging") world.engine.edit(theirs, "eve");
        },
        onBeat() {},
        onTrouble() {},
      },
    });
    expect(state.phase).toBe("held");
    expect(state.reason).toBe("the split was changed by eve to basic=70 advanced=30");
    expect(state.foreign?.targets).toEqual(toTargets(theirs));
    expect(state.written.targets.map(({ percent }) => percent)).toEqual([90, 10]);
    expect(world.engine.live.targets).toEqual(theirs);

    const still = await world.resume();
    expect(still.phase).toBe("held");
    expect(world.engine.live.targets).toEqual(theirs);
    const over = await world.resume({}, true);
    expect(over.phase).toBe("promoted");
  });

  test("that is over is taken back in one command", async () => {
    const world = new World();
    expect((await world.run()).phase).toBe("promoted");
    const state = await world.run({
      asked: once({ command: "back", by: "ann", why: "complaints", overwrite: false }),
    });
    expect([state.phase, state.reason]).toEqual(["rolled back", "taken back by ann: complaints"]);
    expect(world.engine.live.targets).toEqual([...ORIGINAL]);
  });

  test("that was paused is judged on, and moved on only when it is resumed", async () => {
    const world = new World();
    const running = world.run();
    await world.clock.sleep(1_500);
    const ask = (command: "pause" | "resume") =>
      world.journal.ask({ command, by: "ann", why: "", overwrite: false, atMs: world.clock.now() });
    await ask("pause");
    await world.clock.sleep(600_000);
    expect((await world.state())?.phase).toBe("judging");
    expect(shares(world)).toEqual([10]);
    await ask("resume");
    expect((await running).phase).toBe("promoted");
  });

  test("is promoted at once when somebody asks, without the steps between", async () => {
    const world = new World({ engine: { rps: 0 } });
    const running = world.run();
    await world.clock.sleep(5_000);
    await world.journal.ask({ command: "promote", by: "ann", why: "", overwrite: false, atMs: 0 });
    expect((await running).phase).toBe("promoted");
    expect(shares(world)).toEqual([10, 100]);
  });

  test("tries again what the engine could not do, and goes back when it never can", async () => {
    const world = new World();
    let refusals = 0;
    const { engine } = world;
    const write = engine.write.bind(engine);
    engine.write = async (targets, version, by) => {
      if (targets[1]?.percent === 50) {
        refusals++;
        throw new Error("the API server answered 500");
      }
      return write(targets, version, by);
    };
    const state = await world.run();
    expect(state.phase).toBe("rolled back");
    expect(state.reason).toBe("the split was not written within 10 s: the API server answered 500");
    expect(refusals).toBeGreaterThan(5);
  });

  test("goes on from its checkpoint: what the judge knew is not lost", async () => {
    const world = new World({ settings: { onUndecided: "hold", stepLimitMs: 3_000 }, engine: { rps: 1 } });
    await world.run();
    const saved = await world.journal.load();
    expect(saved?.checkpoint).toMatchObject({ judge: [expect.any(Number), 0] });
  });

  test("goes back without a journal that cannot be written any more, and forward never", async () => {
    const world = new World({ errors: 0.5 });
    const { journal } = world;
    const append = journal.append.bind(journal);
    let isFull = false;
    journal.append = async (entry) => {
      if (isFull) throw new Error("no space left on the device");
      await append(entry);
      isFull = entry.state.phase === "judging";
    };
    expect((await world.run()).phase).toBe("rolled back");
    expect(world.engine.live.targets).toEqual([...ORIGINAL]);
    expect(world.troubles).toContain("cannot write the journal: no space left on the device");

    const good = new World();
    good.journal.append = () => Promise.reject(new Error("no space left on the device"));
    void good.run();
    await good.clock.sleep(600_000);
    expect(good.engine.writes).toEqual([]);
  });
});
