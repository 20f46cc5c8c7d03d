import { expect, test } from "bun:test";
import fc from "fast-check";
import type { SplitTarget } from "../../traffic/split/split.ts";
import { next } from "../machine/next.ts";
import type { Command, State } from "../machine/state.ts";
import { sameTargets, type Target, toTargets } from "../plan/targets.ts";
import { KilledProcess, once, Simulation } from "../testing/simulation.ts";

/** The failures, edits and commands of a simulated rollout. Times are virtual milliseconds from its beginning. */
interface Scenario {
  seed: number;
  errors: number;
  rps: number;
  controlPercent: number;
  /** Whether it begins with a preview. */
  isPreviewed: boolean;
  /** Each ends a process at its n-th write to the journal or the split. */
  deaths: { after: number; when: "before" | "after"; asks: Command }[];
  edits: { atMs: number; percent: number }[];
  requests: { atMs: number; command: Command }[];
}

const commands = fc.constantFrom<Command>("pause", "resume", "hold", "promote", "abort", "back");
const moments = fc.integer({ min: 0, max: 60_000 });

const scenarios: fc.Arbitrary<Scenario> = fc.record({
  seed: fc.integer(),
  errors: fc.constantFrom(0, 0, 0.02, 0.3, 1),
  rps: fc.constantFrom(0, 5, 50),
  controlPercent: fc.constantFrom(0, 10),
  isPreviewed: fc.boolean(),
  deaths: fc.array(
    fc.record({
      after: fc.nat(9),
      when: fc.constantFrom("before", "after"),
      asks: fc.constantFrom<Command>("resume", "resume", "abort"),
    }),
    { maxLength: 5 },
  ),
  edits: fc.array(fc.record({ atMs: moments, percent: fc.constantFrom(0, 7, 10, 33, 50, 100) }), {
    maxLength: 2,
  }),
  requests: fc.array(fc.record({ atMs: moments, command: commands }), { maxLength: 3 }),
});

interface Finished {
  simulation: Simulation;
  state: State;
  edited: Target[][];
}

const PREVIEW = { header: "x-preview", value: "advanced", forMs: 3_000 };

const SLOW = { beatMs: 500, watchMs: 2_000 };

/** Runs a scenario: after each kill another process continues, and the last one runs to the end. */
async function runScenario({
  seed,
  errors,
  rps,
  controlPercent,
  isPreviewed,
  deaths,
  edits,
  requests,
}: Scenario): Promise<Finished> {
  const simulation = new Simulation({
    seed,
    errors,
    engine: { rps },
    settings: {
      stepLimitMs: 8_000,
      readyDeadlineMs: 5_000,
      bakeMs: 5_000,
      controlPercent,
      ...(isPreviewed ? { preview: PREVIEW } : {}),
    },
  });
  const begun = simulation.clock.now();
  const edited: Target[][] = [];
  for (const { atMs, percent } of edits) {
    void simulation.clock.sleep(atMs).then(() => {
      const targets = splitOf(percent);
      edited.push(toTargets(targets));
      simulation.engine.edit(targets, "eve");
    });
  }
  for (const { atMs, command } of requests) {
    const request = { command, by: "ann", why: "", overwrite: false, atMs: begun + atMs };
    void simulation.clock.sleep(atMs).then(() => simulation.journal.ask(request));
  }
  let asks: Command | undefined;
  for (const { after, when, asks: then } of deaths) {
    const killed = new KilledProcess(after, when);
    const asked = asks === undefined ? {} : { asked: once(request(asks)) };
    void unpause(simulation);
    const ended = await Promise.race([
      simulation.run({ ...SLOW, ...killed.options(simulation), ...asked }),
      killed.died,
    ]);
    if (ended !== "killed") break;
    asks = then;
    await simulation.clock.sleep(1_000);
  }
  const paused = unpause(simulation);
  const state = await simulation.run(asks === undefined ? SLOW : { ...SLOW, asked: once(request(asks)) });
  await paused;
  return { simulation, state, edited };
}

/** Resumes a rollout that a command has paused. */
async function unpause({ clock, journal }: Simulation): Promise<void> {
  await clock.sleep(70_000);
  await journal.ask({ ...request("resume"), atMs: clock.now() });
}

function splitOf(percent: number): SplitTarget[] {
  return [
    { revision: "credit-check-basic", tag: "basic", percent: 100 - percent, latest: false },
    { revision: "credit-check-advanced", tag: "advanced", percent, latest: false },
  ];
}

const request = (command: Command) => ({ command, by: "tester", why: "", overwrite: false });

test("no sequence of crashes, outside edits and requests leaves weights or routes that neither the plan nor another writer wrote", async () => {
  await fc.assert(
    fc.asyncProperty(scenarios, async (scenario) => {
      const { simulation, state, edited } = await runScenario(scenario);
      const { plan, engine } = simulation;
      const ours = [plan.original.targets, ...plan.steps.map(({ targets }) => targets)];
      const isOneOf = (targets: readonly Target[], all: readonly Target[][]): boolean =>
        all.some((each) => sameTargets(each, targets));
      for (const write of engine.writes) expect(isOneOf(toTargets(write), ours)).toBe(true);
      const now = toTargets(engine.live.targets);
      expect(isOneOf(now, [...ours, ...edited])).toBe(true);
      const last = plan.steps.at(-1)?.targets ?? [];
      if (state.phase === "rolled back") expect(isOneOf(now, [plan.original.targets, ...edited])).toBe(true);
      if (state.phase === "promoted") expect(isOneOf(now, [last, ...edited])).toBe(true);
      expect(["promoted", "rolled back", "held"]).toContain(state.phase);
    }),
    { numRuns: 150 },
  );
});

test("without other writers, the writes match the journal, and no step is taken twice", async () => {
  await fc.assert(
    fc.asyncProperty(scenarios, async (scenario) => {
      const { simulation, state } = await runScenario({ ...scenario, edits: [] });
      const { plan, engine } = simulation;
      expect(sameTargets(toTargets(engine.live.targets), state.written.targets)).toBe(true);
      const previews = engine.writes.filter((targets) => targets[1]?.preview !== undefined);
      expect(previews.length).toBeLessThanOrEqual(1);
      if (previews.length > 0) expect(engine.writes[0]).toEqual(previews[0] ?? []);
      if (state.phase !== "held")
        expect(engine.live.targets.every(({ preview }) => preview === undefined)).toBe(true);
      const written = engine.writes
        .filter((targets) => targets[1]?.preview === undefined)
        .map((targets) => targets[1]?.percent ?? -1);
      const forward = written.filter((percent) => percent > 0);
      expect(forward).toEqual([...new Set(forward)].sort((a, b) => a - b));
      expect(written.filter((percent) => percent === 0).length).toBeLessThanOrEqual(1);
      if (state.phase === "rolled back") expect(state.written.targets).toEqual(plan.original.targets);
    }),
    { numRuns: 150 },
  );
});

test("a replayed journal yields the same decisions", async () => {
  await fc.assert(
    fc.asyncProperty(scenarios, async (scenario) => {
      const { simulation } = await runScenario(scenario);
      const saved = await simulation.journal.load();
      const [first, ...rest] = saved?.entries ?? [];
      let state = first?.state;
      for (const entry of rest) {
        if (saved === undefined || state === undefined || entry.event === null)
          throw new Error("no such journal");
        state = next(saved.plan, state, entry.event);
        expect(state).toEqual(entry.state);
      }
    }),
    { numRuns: 150 },
  );
});
