import type { Saved } from "../journal/journal.ts";
import type { RolloutJudge } from "../rollout-judge/rollout-judge.ts";
import type { RunnerOptions } from "../run/runner-options.ts";
import { trafficJudge } from "../rollout-judge/traffic-judge.ts";
import { type RolloutView, viewOf } from "../run/view.ts";
import { Simulation, type SimulationOptions } from "./simulation.ts";

/** Runs a rollout with the real judge to its end in virtual time. Returns every view that could be drawn of it. */
export async function finished(options: SimulationOptions): Promise<{ saved: Saved; views: RolloutView[] }> {
  const simulation = new Simulation(options);
  const views: RolloutView[] = [];
  const events: RunnerOptions["events"] = {
    onEntry(entry, recorder, ruling) {
      views.push(
        viewOf(simulation.plan, entry.state, simulation.clock.now(), {
          tally: recorder.tally,
          atStep: recorder.atStep,
          ruling,
        }),
      );
    },
    onBeat(state, recorder, ruling, nowMs) {
      views.push(
        viewOf(simulation.plan, state, nowMs, { tally: recorder.tally, atStep: recorder.atStep, ruling }),
      );
    },
    onTrouble() {},
  };
  const makeJudge = (...given: Parameters<typeof trafficJudge>): RolloutJudge => trafficJudge(...given);
  await simulation.run({ makeJudge, events });
  const saved = await simulation.journal.load();
  if (saved === undefined) throw new Error("it was recorded");
  return { saved, views };
}
