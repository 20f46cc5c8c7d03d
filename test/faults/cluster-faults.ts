import { Kube } from "../../scripts/cluster/kube/client.ts";
import { realClock } from "../../scripts/rollout/clock.ts";
import { ConfigMapJournal } from "../../scripts/rollout/journal/config-map-journal.ts";
import { LeaseLock } from "../../scripts/rollout/lock/lease-lock.ts";
import { initialState, type State } from "../../scripts/rollout/machine/state.ts";
import { makePlan } from "../../scripts/rollout/plan/plan.ts";
import { sameTargets, toTargets } from "../../scripts/rollout/plan/targets.ts";
import { runRollout } from "../../scripts/rollout/run/runner.ts";
import { countingJudge } from "../../scripts/rollout/testing/counting-judge.ts";
import { MemoryEngine } from "../../scripts/rollout/testing/memory-engine.ts";
import { ObjectStore } from "../../scripts/rollout/testing/object-store.ts";
import { ORIGINAL, SETTINGS, Simulation } from "../../scripts/rollout/testing/simulation.ts";
import { seededRandom } from "../../scripts/traffic/random.ts";
import { FaultyConnection } from "./faulty-connection.ts";
import type { Fault, FaultResult } from "./scenario.ts";

const ROLLOUTS = 6;

/** Rollouts whose journal and lock are kept by an API server that fails every fourth request. */
async function faultyApiServer(): Promise<FaultResult> {
  let unaccounted = 0;
  const [counts, ends] = [{ requests: 0, refused: 0 }, new Map<string, number>()];
  for (let seed = 1; seed <= ROLLOUTS; seed++) {
    const server = new FaultyConnection(new ObjectStore(), seed);
    const isBad = seed % 2 === 0;
    const engine = new MemoryEngine({
      clock: realClock,
      targets: ORIGINAL,
      behaviours: {
        "credit-check-basic": { errors: 0.001, ms: 10 },
        "credit-check-advanced": { errors: isBad ? 0.5 : 0, ms: 10 },
      },
      rps: 100,
      random: seededRandom(seed),
      forceMs: 20,
    });
    const end = await rolledOut(server, engine);
    ends.set(end, (ends.get(end) ?? 0) + 1);
    unaccounted += engine.writes.filter((write) => !allowed(write)).length;
    counts.requests += server.requests;
    counts.refused += server.refused;
  }
  const told = [...ends].map(([end, count]) => `${count} ${end}`).join(", ");
  return {
    fault: "API server: slow, cuts connections, 409, 410, 429, 500",
    sent: counts.requests,
    failed: counts.refused,
    unaccounted,
    memoryMb: null,
    ended: `${ROLLOUTS} rollouts: ${told}`,
    right: ends.get("promoted") === ROLLOUTS / 2 && ends.get("rolled back") === ROLLOUTS / 2,
  };
}

function allowed(targets: Parameters<typeof toTargets>[0]): boolean {
  const [basic = 0, advanced = 0] = targets.map(({ percent }) => percent);
  return basic + advanced === 100 && [0, 50, 100].includes(advanced);
}

/** Runs a rollout as the command does: a process that loses its lock ends, and another one continues. */
async function rolledOut(server: FaultyConnection, engine: MemoryEngine): Promise<State["phase"]> {
  const kube = new Kube(server);
  const journal = new ConfigMapJournal(kube, "kyc", "credit-check");
  const lock = new LeaseLock(kube, "kyc", "credit-check", realClock, { durationMs: 3_000, renewMs: 500 });
  const plan = makePlan({
    id: "r1",
    service: "credit-check",
    engine,
    source: engine,
    live: engine.live,
    revisions: ["credit-check-basic", "credit-check-advanced"],
    to: "advanced",
    percents: [50, 100],
    settings: { ...SETTINGS, stepMs: 500, bakeMs: 1_000 },
    by: "tester@host",
    atMs: Date.now(),
  });
  const { targets, version } = plan.original;
  for (let tries = 0; tries < 60; tries++) {
    const held = await lock.acquire("tester").catch(() => undefined);
    try {
      if (held === undefined) continue;
      let saved = await journal.load();
      if (saved === undefined) {
        await journal.begin(plan, {
          seq: 0,
          event: null,
          state: initialState({ targets, version }, plan.atMs),
        });
        saved = await journal.load();
      }
      const last = saved?.entries.at(-1);
      if (saved === undefined || last === undefined) continue;
      const resumes = tries > 0;
      let asked = resumes;
      const state = await runRollout(
        {
          engine,
          source: engine,
          journal,
          clock: realClock,
          makeJudge: countingJudge,
          events: { onEntry() {}, onBeat() {}, onTrouble() {} },
          lost: held.lost,
          asked() {
            if (!asked) return undefined;
            asked = false;
            return { command: "resume", by: "tester", why: "", overwrite: false };
          },
          beatMs: 50,
        },
        saved.plan,
        last,
        saved.checkpoint,
      );
      return state.phase;
    } catch {
      // As after a crash, the next process continues from the journal.
    } finally {
      await held?.release().catch(() => {});
      await Bun.sleep(200);
    }
  }
  return "held";
}

const JUMPS = 40;

/** Rollouts during which the machine's clock, whose time outcomes have, jumps by an hour. */
async function clockJumps(): Promise<FaultResult> {
  let unaccounted = 0;
  const ends = new Map<string, number>();
  for (let seed = 1; seed <= JUMPS; seed++) {
    const random = seededRandom(seed);
    const isBad = seed % 2 === 0;
    const simulation = new Simulation({ percents: [50, 100], errors: isBad ? 0.5 : 0, seed });
    const { clock, engine } = simulation;
    const jumpAtMs = clock.now() + random() * 15_000;
    const byMs = (random() < 0.5 ? -1 : 1) * 3_600_000;
    const aheadMs = (): number => (clock.now() > jumpAtMs ? byMs : 0);
    const { phase } = await simulation.run({
      clock: { now: () => clock.now(), sleep: (ms, signal) => clock.sleep(ms, signal), aheadMs },
      source: {
        name: engine.name,
        place: engine.place,
        lagMs: engine.lagMs,
        async *outcomes(signal) {
          for await (const outcomes of engine.outcomes(signal))
            yield outcomes.map((outcome) => ({ ...outcome, atMs: outcome.atMs + aheadMs() }));
        },
      },
    });
    ends.set(phase, (ends.get(phase) ?? 0) + 1);
    const plans = [simulation.plan.original, ...simulation.plan.steps];
    unaccounted += engine.writes.filter(
      (write) => !plans.some(({ targets }) => sameTargets(targets, toTargets(write))),
    ).length;
  }
  const told = [...ends].map(([end, count]) => `${count} ${end}`).join(", ");
  return {
    fault: "clock jumps by ±1 h",
    sent: null,
    failed: null,
    unaccounted,
    memoryMb: null,
    ended: `${JUMPS} rollouts: ${told}`,
    right: ends.get("promoted") === JUMPS / 2 && ends.get("rolled back") === JUMPS / 2,
  };
}

/** Faults of a cluster and its clocks. */
export const CLUSTER_FAULTS: readonly Fault[] = [
  { name: "API server that fails", run: faultyApiServer },
  { name: "clock jumps", run: clockJumps },
];
