import type { LoadResult } from "../../load/steady.ts";
import type { CheckResult } from "../verify/check.ts";
import { BOTH_VERSIONS, describeFailures, underLoad, untilWarm } from "./load.ts";
import { figure, type Scenario } from "./scenario.ts";
import type { Carrier } from "./splits.ts";

const CHANGES = 20;
const RPS = 50;
const SETTLES_WITHIN_MS = 2_000;

interface Change {
  at: number;
  to: string;
}

/** Twenty changes from all to none and back under steady load: what failed, and how long the old weights lived on. */
export function weightChanges(name: string, carrier: Carrier): Scenario {
  return {
    name: `${CHANGES} weight changes by ${name} under load`,
    async run(stage) {
      await stage.deploy([carrier.istio]);
      const engine = carrier.engine(stage);
      await engine.write({ basic: 100, advanced: 0 });
      await untilWarm(stage, BOTH_VERSIONS);
      const changes: Change[] = [];
      const { results, failed } = await underLoad(stage, RPS, async () => {
        for (let i = 0; i < CHANGES; i++) {
          stage.signal.throwIfAborted();
          const to = i % 2 === 0 ? "advanced" : "basic";
          changes.push({ at: performance.now(), to: `credit-check-${to}` });
          await engine.write(to === "advanced" ? { basic: 0, advanced: 100 } : { basic: 100, advanced: 0 });
          await Bun.sleep(SETTLES_WITHIN_MS);
        }
      });
      return report(`weight changes by ${name}`, changes, results, failed);
    },
    clean: (stage) =>
      carrier
        .engine(stage)
        .write({ basic: 50, advanced: 50 })
        .catch(() => undefined),
  };
}

function report(
  group: string,
  changes: Change[],
  results: LoadResult[],
  failed: LoadResult[],
): CheckResult[] {
  const firstNew: number[] = [];
  const lastOld: number[] = [];
  for (const [i, { at, to }] of changes.entries()) {
    const until = changes[i + 1]?.at ?? Number.POSITIVE_INFINITY;
    const during = results.filter(({ sentAt, status }) => status === 200 && sentAt >= at && sentAt < until);
    const after = (result: LoadResult | undefined): number => (result === undefined ? 0 : result.sentAt - at);
    const bySending = during.sort((a, b) => a.sentAt - b.sentAt);
    firstNew.push(after(bySending.find(({ revision }) => revision === to)));
    lastOld.push(after(bySending.findLast(({ revision }) => revision !== to)));
  }
  return [
    {
      ...figure(group, `failed of ${results.length} requests`, failed.length, "", 0),
      seen: describeFailures(failed) || "0",
    },
    figure(
      group,
      "from the command to the first request under the new weights, median",
      median(firstNew),
      "ms",
    ),
    figure(
      group,
      "from the command to the last request under the old weights, median",
      median(lastOld),
      "ms",
    ),
    figure(
      group,
      "from the command to the last request under the old weights, longest",
      Math.max(...lastOld),
      "ms",
    ),
  ];
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
