import { observeSplit } from "../cluster/verify/split-checks.ts";
import { askOf, BOTH_VERSIONS, describeFailures, underLoad, untilWarm, THROUGH_SPLIT } from "./load.ts";
import { figure, type Scenario, WHOLE } from "./scenario.ts";
import { BY_ISTIO } from "./splits.ts";

/** Applies the overlay next/v3 to the running system under load: v3 gets its share, and no request fails. */
export const nextVersion: Scenario = {
  name: "the next version under load",
  async run(stage) {
    await stage.deploy([BY_ISTIO.istio]);
    await BY_ISTIO.engine(stage).write({ basic: 50, advanced: 50 });
    await untilWarm(stage, BOTH_VERSIONS);
    const { results, failed } = await underLoad(stage, 40, async () => {
      await stage.deploy(["next/v3"]);
      await Bun.sleep(3_000);
    });
    const requests = 1_000;
    const { counts } = await observeSplit(askOf(stage), THROUGH_SPLIT, requests, stage.signal);
    const group = "the next version";
    const share = (100 * (counts.get("credit-check-v3") ?? 0)) / requests;
    // Five standard deviations around 20 % of 1,000.
    const ok = Math.abs(share - 20) < 6.4;
    return [
      {
        ...figure(group, `failed of ${results.length} requests`, failed.length, "", 0),
        seen: describeFailures(failed) || "0",
      },
      {
        group,
        name: "share of credit-check-v3",
        expected: "20 %",
        seen: `${share.toFixed(1)} % of ${requests} requests`,
        ok,
      },
    ];
  },
  clean: (stage) => stage.deploy(WHOLE),
};
