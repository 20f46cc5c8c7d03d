import type { Saved } from "../journal/journal.ts";
import type { Judging } from "../run/judging.ts";
import type { RunnerOptions } from "../run/options.ts";
import { trafficJudge } from "../run/traffic-judge.ts";
import { type RolloutView, viewOf } from "../run/view.ts";
import { World, type WorldOptions } from "./lives.ts";

/** A rollout with the real judge that has run to its end in virtual time, with every picture that could be drawn of it. */
export async function finished(options: WorldOptions): Promise<{ saved: Saved; views: RolloutView[] }> {
  const world = new World(options);
  const views: RolloutView[] = [];
  const events: RunnerOptions["events"] = {
    onEntry(entry, witness, ruling) {
      views.push(
        viewOf(world.plan, entry.state, world.clock.now(), {
          tally: witness.tally,
          atStep: witness.atStep,
          ruling,
        }),
      );
    },
    onBeat(state, witness, ruling, nowMs) {
      views.push(viewOf(world.plan, state, nowMs, { tally: witness.tally, atStep: witness.atStep, ruling }));
    },
    onTrouble() {},
  };
  const makeJudge = (...given: Parameters<typeof trafficJudge>): Judging => trafficJudge(...given);
  await world.run({ makeJudge, events });
  const saved = await world.journal.load();
  if (saved === undefined) throw new Error("it was written down");
  return { saved, views };
}
