import { expect, test } from "bun:test";
import type { OutcomeSource } from "../../sources/source.ts";
import { Simulation } from "../testing/simulation.ts";

test.each([
  [3_600_000, 0, "promoted"],
  [-3_600_000, 0, "promoted"],
  [3_600_000, 0.05, "rolled back"],
  [-3_600_000, 0.05, "rolled back"],
] as const)(
  "a machine's clock that jumps by %d ms changes no decision about a candidate with %d errors",
  async (byMs, errors, end) => {
    const simulation = new Simulation({ percents: [50, 100], errors });
    const { clock, engine } = simulation;
    const jumpAtMs = clock.now() + 1_500;
    const aheadMs = (): number => (clock.now() > jumpAtMs ? byMs : 0);
    const source: OutcomeSource = {
      name: engine.name,
      place: engine.place,
      lagMs: engine.lagMs,
      async *outcomes(signal) {
        for await (const outcomes of engine.outcomes(signal))
          yield outcomes.map((outcome) => ({ ...outcome, atMs: outcome.atMs + aheadMs() }));
      },
    };
    const { phase } = await simulation.run({
      clock: { now: () => clock.now(), sleep: (ms, signal) => clock.sleep(ms, signal), aheadMs },
      source,
    });
    expect(phase).toBe(end);
    const jump = `the clock of this machine jumped by ${byMs / 1_000} s`;
    expect(simulation.troubles.filter((what) => what.startsWith(jump))).toHaveLength(1);
  },
);
