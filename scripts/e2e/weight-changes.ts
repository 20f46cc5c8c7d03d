import { type CheckResult, equalCheck } from "../cluster/verify/check.ts";
import { BOTH_VERSIONS, describeFailures, type LoadReport, underLoad, untilWarm } from "./load.ts";
import { figure, type Scenario, WHOLE } from "./scenario.ts";
import { type Carrier, waitInForce } from "./splits.ts";

const CHANGES = 20;
const RPS = 50;
const PAUSE_MS = 700;

/** A change of the weights. */
export interface Change {
  /** When it was commanded, in milliseconds of `performance.now()`. */
  at: number;
  /** When the engine reported it in force. */
  inForceAt: number;
  /** The revision that all requests go to from then on. */
  to: string;
}

/** Changes the weights from all to none and back twenty times under steady load: failures, and the time of each change. */
export function weightChanges(name: string, carrier: Carrier): Scenario {
  return {
    name: `${CHANGES} weight changes by ${name} under load`,
    async run(stage) {
      await stage.deploy([carrier.istio]);
      const engine = carrier.engine(stage);
      await engine.write({ basic: 100, advanced: 0 });
      await untilWarm(stage, BOTH_VERSIONS);
      const changes: Change[] = [];
      const load = await underLoad(stage, RPS, async () => {
        for (let i = 0; i < CHANGES; i++) {
          stage.signal.throwIfAborted();
          const to = i % 2 === 0 ? "advanced" : "basic";
          const at = performance.now();
          await engine.write(to === "advanced" ? { basic: 0, advanced: 100 } : { basic: 100, advanced: 0 });
          await waitInForce(stage, engine);
          changes.push({ at, inForceAt: performance.now(), to: `credit-check-${to}` });
          await Bun.sleep(PAUSE_MS);
        }
      });
      return report(`weight changes by ${name}`, changes, load);
    },
    clean: (stage) => stage.deploy(WHOLE),
  };
}

/** The changes during a load, as observed by its requests. */
export function report(
  group: string,
  changes: readonly Change[],
  { results, failed }: LoadReport,
): CheckResult[] {
  const firstNew: number[] = [];
  const lastOld: number[] = [];
  const tookMs = changes.map(({ at, inForceAt }) => inForceAt - at);
  let inForce = 0;
  let late = 0;
  for (const [i, { at, inForceAt, to }] of changes.entries()) {
    const until = changes[i + 1]?.at ?? Number.POSITIVE_INFINITY;
    const during = results
      .filter(({ sentAt, status }) => status === 200 && sentAt >= at && sentAt < until)
      .sort((a, b) => a.sentAt - b.sentAt);
    const first = during.find(({ revision }) => revision === to);
    if (first !== undefined) firstNew.push(first.sentAt - at);
    late += during.filter(({ sentAt, revision }) => sentAt > inForceAt && revision !== to).length;
    // If no request takes the old route after a change, it was in force at once.
    lastOld.push((during.findLast(({ revision }) => revision !== to)?.sentAt ?? at) - at);
    if (during.at(-1)?.revision === to) inForce++;
  }
  const from = "from the command to the";
  return [
    {
      ...figure(group, `failed of ${results.length} requests`, failed.length, "", 0),
      seen: describeFailures(failed) || "0",
    },
    equalCheck(group, "changes that took all requests", String(changes.length), String(inForce)),
    figure(group, "sent the old way after the engine reported the change in force", late, "", 0),
    figure(group, `${from} engine's report that it is in force, median`, median(tookMs), "ms"),
    figure(group, `${from} engine's report that it is in force, longest`, Math.max(...tookMs), "ms"),
    figure(group, `${from} first request under the new weights, median`, median(firstNew), "ms"),
    figure(group, `${from} last request under the old weights, median`, median(lastOld), "ms"),
    figure(group, `${from} last request under the old weights, longest`, Math.max(...lastOld), "ms"),
  ];
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
