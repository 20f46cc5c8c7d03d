import { describe, expect, test } from "bun:test";
import { ORIGINAL, once, Simulation } from "../testing/simulation.ts";
import { toTargets } from "../plan/targets.ts";

const WARM = async (): Promise<void> => {};
const shares = (simulation: Simulation): number[] =>
  simulation.engine.writes.map((targets) => targets[1]?.percent ?? -1);

describe("a rollout", () => {
  test("of a good candidate shifts step by step to all traffic, and is promoted after the bake", async () => {
    const simulation = new Simulation();
    const state = await simulation.run({ warm: WARM });
    expect(state.phase).toBe("promoted");
    expect(shares(simulation)).toEqual([10, 50, 100]);
    expect(simulation.engine.live.targets).toEqual([
      { revision: "credit-check-basic", tag: "basic", percent: 0, latest: false },
      { revision: "credit-check-advanced", tag: "advanced", percent: 100, latest: false },
    ]);
    expect(simulation.entries.map((entry): string => entry.state.phase)).toEqual(
      "warming shifting settling judging shifting settling judging shifting settling baking promoted".split(
        " ",
      ),
    );
  });

  test("of a failing candidate restores the original split, with the reason", async () => {
    const simulation = new Simulation({ errors: 0.5 });
    const state = await simulation.run();
    expect(state.phase).toBe("rolled back");
    expect(state.reason).toMatch(/^[5-9] errors and \d+ good answers of the candidate$/);
    expect(simulation.engine.live.targets).toEqual([...ORIGINAL]);
  });

  test("of a candidate that begins to fail with all traffic is rolled back", async () => {
    const simulation = new Simulation({ settings: { bakeMs: 60_000 } });
    const running = simulation.run({
      events: {
        onEntry({ state }) {
          if (state.phase === "baking")
            simulation.engine.behave({ "credit-check-advanced": { errors: 1, ms: 10 } });
        },
        onBeat() {},
        onTrouble() {},
      },
    });
    expect((await running).phase).toBe("rolled back");
    expect(simulation.engine.live.targets).toEqual([...ORIGINAL]);
  });

  test("whose candidate is never ready is rolled back at the deadline, with the reason", async () => {
    const simulation = new Simulation({
      engine: {
        behaviours: {
          "credit-check-basic": { errors: 0, ms: 10 },
          "credit-check-advanced": { errors: 0, ms: 10, readyAtMs: Number.POSITIVE_INFINITY },
        },
      },
    });
    const state = await simulation.run();
    expect(state.phase).toBe("rolled back");
    expect(state.reason).toBe(
      "credit-check-advanced was not ready within 30 s: ImagePullBackOff: there is no such image",
    );
    expect(simulation.engine.writes).toEqual([]);
  });

  test("whose candidate does not answer its first request is rolled back before any caller's request", async () => {
    const simulation = new Simulation();
    const state = await simulation.run({ warm: () => Promise.reject(new Error("it answered 503")) });
    expect(state.reason).toBe(
      "credit-check-advanced did not answer its first request within 30 s: it answered 503",
    );
    expect(simulation.engine.writes).toEqual([]);
  });

  test("without traffic is held at its limit, and continues on request", async () => {
    const simulation = new Simulation({ engine: { rps: 0 } });
    const state = await simulation.run();
    expect(state.phase).toBe("held");
    expect(state.reason).toBe("undecided after 2 min: 0 errors and 0 good answers of the candidate");
    expect(shares(simulation)).toEqual([10]);
    const again = await simulation.resume();
    expect(again.phase).toBe("held");
    expect(simulation.entries.map((entry) => entry.state.phase).slice(-2)).toEqual(["judging", "held"]);
  });

  test("without traffic is promoted or rolled back on request", async () => {
    const forward = new Simulation({ engine: { rps: 0 }, settings: { onUndecided: "advance" } });
    expect((await forward.run()).phase).toBe("promoted");
    const back = new Simulation({ engine: { rps: 0 }, settings: { onUndecided: "abort" } });
    expect((await back.run()).phase).toBe("rolled back");
    expect(back.engine.live.targets).toEqual([...ORIGINAL]);
  });

  test("is held when another user changes the split, and keeps that change", async () => {
    const simulation = new Simulation();
    const theirs = [
      { revision: "credit-check-basic", tag: "basic", percent: 70, latest: false },
      { revision: "credit-check-advanced", tag: "advanced", percent: 30, latest: false },
    ];
    const state = await simulation.run({
      events: {
        onEntry(entry) {
          if (entry.state.phase === "judging") simulation.engine.edit(theirs, "eve");
        },
        onBeat() {},
        onTrouble() {},
      },
    });
    expect(state.phase).toBe("held");
    expect(state.reason).toBe("the split was changed by eve to basic=70 advanced=30");
    expect(state.foreign?.targets).toEqual(toTargets(theirs));
    expect(state.written.targets.map(({ percent }) => percent)).toEqual([90, 10]);
    expect(simulation.engine.live.targets).toEqual(theirs);

    const still = await simulation.resume();
    expect(still.phase).toBe("held");
    expect(simulation.engine.live.targets).toEqual(theirs);
    const over = await simulation.resume({}, true);
    expect(over.phase).toBe("promoted");
  });

  test("that is over is undone by one command", async () => {
    const simulation = new Simulation();
    expect((await simulation.run()).phase).toBe("promoted");
    const state = await simulation.run({
      asked: once({ command: "back", by: "ann", why: "complaints", overwrite: false }),
    });
    expect([state.phase, state.reason]).toEqual(["rolled back", "taken back by ann: complaints"]);
    expect(simulation.engine.live.targets).toEqual([...ORIGINAL]);
  });

  test("that is paused is still judged, and advances only after it is resumed", async () => {
    const simulation = new Simulation();
    const running = simulation.run();
    await simulation.clock.sleep(1_500);
    const ask = (command: "pause" | "resume") =>
      simulation.journal.ask({ command, by: "ann", why: "", overwrite: false, atMs: simulation.clock.now() });
    await ask("pause");
    await simulation.clock.sleep(600_000);
    expect((await simulation.state())?.phase).toBe("judging");
    expect(shares(simulation)).toEqual([10]);
    await ask("resume");
    expect((await running).phase).toBe("promoted");
  });

  test("is promoted at once on request, without intermediate steps", async () => {
    const simulation = new Simulation({ engine: { rps: 0 } });
    const running = simulation.run();
    await simulation.clock.sleep(5_000);
    await simulation.journal.ask({ command: "promote", by: "ann", why: "", overwrite: false, atMs: 0 });
    expect((await running).phase).toBe("promoted");
    expect(shares(simulation)).toEqual([10, 100]);
  });

  test("retries failed operations of the engine, and is rolled back if they never succeed", async () => {
    const simulation = new Simulation();
    let refusals = 0;
    const { engine } = simulation;
    const write = engine.write.bind(engine);
    engine.write = async (targets, version, by) => {
      if (targets[1]?.percent === 50) {
        refusals++;
        throw new Error("the API server answered 500");
      }
      return write(targets, version, by);
    };
    const state = await simulation.run();
    expect(state.phase).toBe("rolled back");
    expect(state.reason).toBe("the split was not written within 10 s: the API server answered 500");
    expect(refusals).toBeGreaterThan(5);
  });

  test("continues from its checkpoint without losing the judge's state", async () => {
    const simulation = new Simulation({
      settings: { onUndecided: "hold", stepLimitMs: 3_000 },
      engine: { rps: 1 },
    });
    await simulation.run();
    const saved = await simulation.journal.load();
    expect(saved?.checkpoint).toMatchObject({ judge: [expect.any(Number), 0] });
  });

  test("is rolled back but never advances without a writable journal", async () => {
    const simulation = new Simulation({ errors: 0.5 });
    const { journal } = simulation;
    const append = journal.append.bind(journal);
    let isFull = false;
    journal.append = async (entry) => {
      if (isFull) throw new Error("no space left on the device");
      await append(entry);
      isFull = entry.state.phase === "judging";
    };
    expect((await simulation.run()).phase).toBe("rolled back");
    expect(simulation.engine.live.targets).toEqual([...ORIGINAL]);
    expect(simulation.troubles).toContain("cannot write the journal: no space left on the device");

    const good = new Simulation();
    good.journal.append = () => Promise.reject(new Error("no space left on the device"));
    void good.run();
    await good.clock.sleep(600_000);
    expect(good.engine.writes).toEqual([]);
  });
});

describe("a bake", () => {
  const withControl = { controlPercent: 10 };

  test("keeps a control share on the baseline, and shifts all traffic afterwards", async () => {
    const simulation = new Simulation({ settings: withControl });
    const state = await simulation.run();
    expect(state.phase).toBe("promoted");
    expect(shares(simulation)).toEqual([10, 50, 90, 100]);
    expect(state.reason).toBe("no regression in 10 s beside 10 % on credit-check-basic");
  });

  test("replaces a single step of 100 %, and a step above its share", async () => {
    const single = new Simulation({ settings: withControl, percents: [100] });
    await single.run();
    expect(shares(single)).toEqual([90, 100]);
    const above = new Simulation({ settings: withControl, percents: [50, 95, 100] });
    await above.run();
    expect(shares(above)).toEqual([50, 90, 100]);
  });

  test("without traffic holds the rollout, which continues when traffic returns", async () => {
    const simulation = new Simulation({ settings: withControl });
    const running = simulation.run({
      events: {
        onEntry({ state }) {
          if (state.phase === "baking") simulation.engine.setLoad(0);
        },
        onBeat() {},
        onTrouble() {},
      },
    });
    const state = await running;
    expect([state.phase, state.heldFrom]).toEqual(["held", "baking"]);
    expect(state.reason).toMatch(
      /^no request of credit-check-(basic|advanced) for 10 s: silence proves nothing$/,
    );
    expect(shares(simulation).at(-1)).toBe(90);
    simulation.engine.setLoad(100);
    expect((await simulation.resume()).phase).toBe("promoted");
  });

  test("without a control share is not reported as free of regressions", async () => {
    expect((await new Simulation().run()).reason).toBe(
      "10 s with all traffic, without a baseline to compare with",
    );
  });
});

describe("an approval", () => {
  const gated = { settings: { approveAt: [50, 100] } };
  const ask = (simulation: Simulation, by: string) =>
    simulation.journal.ask({
      command: "approve",
      by,
      why: "",
      overwrite: false,
      atMs: simulation.clock.now(),
    });

  test("of another person starts each step that needs one; the starter's own does not", async () => {
    const simulation = new Simulation(gated);
    const running = simulation.run();
    await simulation.clock.sleep(60_000);
    expect(await simulation.state()).toMatchObject({
      phase: "waiting",
      reason: "50 % needs the approval of a person other than tester",
    });
    await ask(simulation, "tester@elsewhere");
    await simulation.clock.sleep(60_000);
    expect((await simulation.state())?.phase).toBe("waiting");
    await ask(simulation, "ann (tester@host)");
    await simulation.clock.sleep(60_000);
    expect(await simulation.state()).toMatchObject({
      phase: "waiting",
      approvals: [{ percent: 50, by: "ann (tester@host)" }],
    });
    await ask(simulation, "bob@host");
    expect((await running).phase).toBe("promoted");
    expect(shares(simulation)).toEqual([10, 50, 100]);
  });

  test("cannot be bypassed by a promotion", async () => {
    const simulation = new Simulation(gated);
    const running = simulation.run();
    await simulation.clock.sleep(60_000);
    await simulation.journal.ask({ command: "promote", by: "ann", why: "", overwrite: false, atMs: 0 });
    await simulation.clock.sleep(60_000);
    expect((await simulation.state())?.phase).toBe("waiting");
    await ask(simulation, "ann");
    expect((await running).phase).toBe("promoted");
    expect(shares(simulation)).toEqual([10, 100]);
  });

  test("that is pending does not delay a rollback", async () => {
    const simulation = new Simulation(gated);
    const running = simulation.run();
    await simulation.clock.sleep(60_000);
    simulation.engine.behave({ "credit-check-advanced": { errors: 1, ms: 10 } });
    expect((await running).phase).toBe("rolled back");
    expect(simulation.engine.live.targets).toEqual([...ORIGINAL]);
  });
});

test("within a freeze window no step begins, and the end of the window is reported", async () => {
  const simulation = new Simulation({ settings: { notBetween: ["22:00-22:30"] } });
  // The simulation begins at 22:13:20 UTC.
  const running = simulation.run();
  await simulation.clock.sleep(60_000);
  expect(await simulation.state()).toMatchObject({
    phase: "waiting",
    reason: "10 % waits for the end of a freeze window, 2023-11-14 22:30 UTC",
  });
  expect(simulation.engine.writes).toEqual([]);
  expect((await running).phase).toBe("promoted");
});
