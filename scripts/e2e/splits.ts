import { chdtrc, compiled } from "cephes";
import type { SplitTarget } from "../traffic/split/split.ts";
import type { RecordedEngine } from "../engines/engine.ts";
import { istioEngine } from "../engines/istio/istio-engine.ts";
import { knativeEngine } from "../engines/knative/knative-engine.ts";
import { UserError } from "../cluster/user-error.ts";
import type { CheckResult } from "../cluster/verify/check.ts";
import { type Observed, observeSplit } from "../cluster/verify/split-checks.ts";
import { askOf, BOTH_VERSIONS, describeFailures, underLoad, untilWarm, THROUGH_SPLIT } from "./load.ts";
import { figure, type Scenario, type Stage, WHOLE } from "./scenario.ts";

const SPLITS: Shares[] = [
  { basic: 50, advanced: 50 },
  { basic: 90, advanced: 10 },
  { basic: 100, advanced: 0 },
  { basic: 0, advanced: 100 },
];
const REQUESTS = 1_000;
const SERVICE = "credit-check";

/** An engine, and the overlay that activates it. */
export interface Carrier {
  istio: string;
  engine(stage: Stage): SharesWriter;
}

export const BY_KNATIVE: Carrier = {
  istio: "istio/split/by-knative",
  engine: ({ kube, namespace }) => sharesBy(() => knativeEngine({ kube, namespace, service: SERVICE })),
};

export const BY_ISTIO: Carrier = {
  istio: "istio/split/by-istio",
  engine: ({ kube, namespace }) => sharesBy(() => istioEngine({ kube, namespace, service: SERVICE })),
};

/** Four splits by one engine, each judged by chi-square over many requests. */
export function splitScenario(name: string, carrier: Carrier): Scenario {
  return {
    name: `splits by ${name}`,
    async run(stage) {
      await stage.deploy([carrier.istio]);
      const engine = carrier.engine(stage);
      await untilOverlayRoutes(stage, engine);
      const results: CheckResult[] = [];
      const inForceMs: number[] = [];
      for (const shares of SPLITS) {
        stage.signal.throwIfAborted();
        await engine.write(shares);
        inForceMs.push(await waitInForce(stage, engine));
        const observed = await observeSplit(askOf(stage), THROUGH_SPLIT, REQUESTS, stage.signal);
        results.push(await judgeSplit(`splits by ${name}`, shares, observed));
      }
      const longest = "from the write until the engine reports it in force, longest";
      return [...results, figure(`splits by ${name}`, longest, Math.max(...inForceMs), "ms")];
    },
    clean: (stage) => stage.deploy(WHOLE),
  };
}

/** Switches to the other engine and back, under load. */
export const switching: Scenario = {
  name: "switching engines under load",
  async run(stage) {
    await stage.deploy([BY_KNATIVE.istio]);
    await untilOverlayRoutes(stage, BY_KNATIVE.engine(stage));
    await untilWarm(stage, BOTH_VERSIONS);
    const { results, failed } = await underLoad(stage, 40, async () => {
      for (const carrier of [BY_ISTIO, BY_KNATIVE, BY_ISTIO, BY_KNATIVE]) {
        await stage.deploy([carrier.istio], withAllToBasic);
        await Bun.sleep(1_500);
      }
    });
    const wrong = results.filter(
      ({ status, revision }) => status === 200 && revision !== "credit-check-basic",
    );
    const group = "switching engines";
    return [
      {
        ...figure(group, `failed of ${results.length} requests`, failed.length, "", 0),
        seen: describeFailures(failed) || "0",
      },
      figure(group, "answered by the other revision than both splits say", wrong.length, "", 0),
    ];
  },
  clean: (stage) => stage.deploy(WHOLE),
};

/** The VirtualService of by-istio with all weight on one side, so that each response shows which split applied. */
function withAllToBasic(object: unknown): unknown {
  const text = JSON.stringify(object);
  return JSON.parse(text.replace('"weight":50', '"weight":100').replace('"weight":50', '"weight":0'));
}

const IN_FORCE_WITHIN_MS = 120_000;

/**
 * Waits until the engine reports the split that was written in force.
 * @returns milliseconds
 * @throws UserError when it is not in force in time
 */
export async function waitInForce(stage: Pick<Stage, "signal">, writer: SharesWriter): Promise<number> {
  const late = AbortSignal.timeout(IN_FORCE_WITHIN_MS);
  try {
    const { ms } = await writer.inForce(AbortSignal.any([stage.signal, late]));
    return ms;
  } catch (error) {
    if (late.aborted) throw new UserError(`the split is not in force after ${IN_FORCE_WITHIN_MS / 1_000} s`);
    throw error;
  }
}

/**
 * Sends everything to `basic`, and waits until only that version answers, because an engine reports its own split in force,
 * not the overlay that activates it.
 */
async function untilOverlayRoutes(stage: Stage, writer: SharesWriter): Promise<void> {
  await writer.write({ basic: 100, advanced: 0 });
  await waitInForce(stage, writer);
  const end = performance.now() + IN_FORCE_WITHIN_MS;
  for (let good = 0; good < 40;) {
    if (performance.now() > end) throw new UserError("requests still reach another version than basic");
    stage.signal.throwIfAborted();
    const { counts } = await observeSplit(askOf(stage), THROUGH_SPLIT, 8, stage.signal);
    good = counts.get("credit-check-basic") === 8 ? good + 8 : 0;
  }
}

/** The share of each tag, in percent; they sum to 100. */
export type Shares = Readonly<Record<string, number>>;

/** Writes splits by tag, over any existing one. */
export interface SharesWriter {
  /** Resolves when the API server has accepted the split, which is before the gateways have it. */
  write(shares: Shares): Promise<void>;
  /** Resolves when every proxy has the split that was written last, with how long that took. */
  inForce(signal: AbortSignal): Promise<{ ms: number }>;
}

/** Writes with an engine, which is looked up each time, because scenarios change the object with the split. */
export function sharesBy(find: () => RecordedEngine | Promise<RecordedEngine>): SharesWriter {
  return {
    async write(shares) {
      const engine = await find();
      const { targets, version } = await engine.read();
      const missing = Object.keys(shares).filter((name) => !targets.some(({ tag }) => tag === name));
      if (missing.length > 0) throw new UserError(`${engine.place} has no tag ${missing.join(", ")}`);
      const wanted = targets.map((target): SplitTarget => {
        return { ...target, percent: target.tag === undefined ? 0 : (shares[target.tag] ?? 0) };
      });
      await engine.write(wanted, version, "kyc e2e");
    },
    inForce: async (signal) => (await find()).inForce(signal),
  };
}

// One correct split in ten thousand is rejected.
const LEAST_P = 0.0001;

/**
 * Whether the counts are consistent with a split: by Pearson's chi-square test, and exactly for a share of 0. A failed
 * request, or one answered by a revision outside the split, is never consistent.
 * @param shares the percent of each tag of the credit check; they sum to 100
 */
export async function judgeSplit(
  group: string,
  shares: Readonly<Record<string, number>>,
  { counts, failed, requests }: Observed,
): Promise<CheckResult> {
  await compiled;
  const tags = Object.keys(shares);
  const name = tags.map((tag) => `${tag} ${shares[tag]} %`).join(", ");
  const found = tags.map((tag) => counts.get(`credit-check-${tag}`) ?? 0);
  const likely = tags.map((tag) => (requests * (shares[tag] ?? 0)) / 100);
  const stray = requests - failed - found.reduce((sum, count) => sum + count, 0);
  const odd = [failed > 0 ? `, ${failed} failed` : "", stray > 0 ? `, ${stray} by others` : ""].join("");
  const seen = `${found.join(" : ")} of ${requests}${odd}`;
  const isWhole = failed === 0 && stray === 0;
  if (likely.includes(0)) {
    const ok = isWhole && found.every((count, i) => count === likely[i]);
    return { group, name, expected: `${likely.join(" : ")} of ${requests}`, seen, ok };
  }
  const chi2 = found.reduce((sum, count, i) => sum + (count - (likely[i] ?? 0)) ** 2 / (likely[i] ?? 1), 0);
  const p = chdtrc(found.length - 1, chi2);
  return {
    group,
    name,
    expected: `chi-square with p of at least ${LEAST_P}, none failed`,
    seen: `${seen}, chi-square ${chi2.toFixed(2)}, p ${p.toFixed(4)}`,
    ok: isWhole && p >= LEAST_P,
  };
}
