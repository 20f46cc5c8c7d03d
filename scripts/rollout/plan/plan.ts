import Type, { type Static } from "typebox";
import { BUCKET_PERCENT } from "../../traffic/split/bucket-ranges.ts";
import type { SplitState } from "../../traffic/split/split.ts";
import type { Engine } from "../../engines/engine.ts";
import { namesAnswerField } from "../../traffic/answer-field.ts";
import type { OutcomeSource } from "../../sources/source.ts";
import { didYouMean } from "../../nearest.ts";
import { parseFreezeWindow } from "./freeze-window.ts";
import { Settings } from "./settings.ts";
import { isMultiple, percentOf, shift, Target, toTargets } from "./targets.ts";

/** A step: the candidate's share, and the split that gives it. */
export const Step = Type.Object({
  percent: Type.Number(),
  targets: Type.Array(Target),
  /** Whether the candidate bakes at this step, with the control share on the baseline. */
  bake: Type.Optional(Type.Boolean()),
  /** Whether only callers that ask for the candidate reach it. */
  preview: Type.Optional(Type.Boolean()),
});
export type Step = Static<typeof Step>;

/** All decisions before the first change of the split. A plan does not change afterwards. */
export const Plan = Type.Object({
  /** Unique to this rollout. */
  id: Type.String({ pattern: "^[A-Za-z0-9](?:[A-Za-z0-9-]|\\.(?!\\.)){0,250}$" }),
  service: Type.String({ pattern: "^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$" }),
  /** The engine that owns the split. */
  engine: Type.String(),
  /** The object or file that holds the split. */
  place: Type.String(),
  /** The source of the outcomes, what it reads, and its maximal lag. */
  source: Type.Object({ name: Type.String(), place: Type.String(), lagMs: Type.Number() }),
  candidate: Type.String(),
  baseline: Type.String(),
  original: Type.Object({ targets: Type.Array(Target), version: Type.String() }),
  /** In order; the last gives all traffic to the candidate. */
  steps: Type.Array(Step),
  settings: Settings,
  /** The verdict of the shadow comparison before the first step, if there was one. */
  shadow: Type.Optional(
    Type.Object({
      verdict: Type.Literal("accepted"),
      because: Type.String(),
      pairs: Type.Integer(),
      /** The name of its report. */
      report: Type.String(),
    }),
  ),
  /** The person who started it, and the time in milliseconds since the epoch. */
  by: Type.String(),
  atMs: Type.Number(),
});
export type Plan = Static<typeof Plan>;

/** A rollout that cannot be planned; the message has a remedy. */
export class NoPlan extends Error {
  override readonly name = "NoPlan";
}

export interface PlanOptions {
  id: string;
  service: string;
  engine: Pick<Engine, "name" | "place">;
  source: Pick<OutcomeSource, "name" | "place" | "lagMs" | "tellsRoutes" | "tellsAnswers">;
  live: SplitState;
  /** The names of the revisions that exist. */
  revisions: readonly string[];
  /** A tag or a revision. */
  to: string;
  /** A tag or a revision. @default the one with the largest share */
  from?: string | undefined;
  /** The candidate's shares in percent, ascending, up to 100. */
  percents: readonly number[];
  settings: Settings;
  by: string;
  atMs: number;
}

/**
 * Plans a rollout from the live split. Steps at or below the candidate's current share are omitted; if it has a
 * share, it is judged there first.
 * @throws NoPlan
 */
export function makePlan(options: PlanOptions): Plan {
  const { service, live, to, from } = options;
  const original = toTargets(live.targets);
  const targets = withCandidate(original, options);
  const index = targets.findIndex((target) => target.tag === to || target.revision === to);
  const candidate = targets[index]?.revision ?? "";
  const has = percentOf(original, candidate);
  if (has === 100) throw new NoPlan(`${to} has all traffic of ${service} already.`);
  const baseline = baselineOf(original, candidate, service, from);
  // Weights and Knative's percents are whole.
  const step = live.header === undefined ? 1 : BUCKET_PERCENT;
  checkPercents(options.percents, step);
  if (options.settings.byRoute && options.source.tellsRoutes !== true)
    throw new NoPlan(
      `--by-route: source ${options.source.name} does not report routes; the local mesh does, and a CSV file with a column route.`,
    );
  refuseUnseenAnswers(options);
  const bakeAt = 100 - (options.settings.controlPercent ?? 0);
  // The bake replaces a step at or above its share.
  const rest = options.percents.filter((percent) => percent > has && (percent < bakeAt || percent === 100));
  const withBake = bakeAt < 100 && bakeAt > has ? [...rest.slice(0, -1), bakeAt, 100] : rest;
  const steps = withBake.map((percent) => ({
    percent,
    targets: shift(targets, index, percent, step),
    ...(percent === bakeAt && bakeAt < 100 ? { bake: true } : {}),
  }));
  checkApprovals(options.settings, withBake);
  checkFreezeWindows(options.settings);
  const first = has === 0 ? [] : [{ percent: has, targets: original }];
  const { id, engine, source, settings, by, atMs } = options;
  const preview = previewStep(options, targets, index, has);
  return {
    id,
    service,
    engine: engine.name,
    place: engine.place,
    source: { name: source.name, place: source.place, lagMs: source.lagMs },
    candidate,
    baseline,
    original: { targets: original, version: live.version },
    steps: [...preview, ...first, ...steps],
    settings,
    by,
    atMs,
  };
}

/** Returns the step before the first percent, if there is a preview. @throws NoPlan */
function previewStep(
  { settings: { preview }, to }: PlanOptions,
  targets: readonly Target[],
  index: number,
  has: number,
): Step[] {
  if (preview === undefined) return [];
  if (has > 0)
    throw new NoPlan(
      `--preview: ${to} has ${has} % of the traffic already; a preview comes before the first percent.`,
    );
  const { header, value } = preview;
  const by = header === undefined || value === undefined ? {} : { preview: { header, value } };
  return [
    {
      percent: 0,
      targets: targets.map((target, i) => (i === index ? { ...target, ...by } : target)),
      preview: true,
    },
  ];
}

/** Returns the candidate's share of the requests to candidate and baseline, which the judge needs. */
export function shareOf(plan: Plan, targets: readonly Target[]): number {
  const candidate = percentOf(targets, plan.candidate);
  const both = candidate + percentOf(targets, plan.baseline);
  return both === 0 ? 0 : candidate / both;
}

function withCandidate(original: readonly Target[], { to, revisions, service }: PlanOptions): Target[] {
  const known = original.flatMap(({ tag, revision }) => (tag === null ? [revision] : [tag, revision]));
  if (known.includes(to)) return [...original];
  const revision = revisions.find((name) => name === to || name === `${service}-${to}`);
  if (revision === undefined) {
    throw new NoPlan(
      `${service} has no tag and no revision ${to}: ${didYouMean(to, new Set([...known, ...revisions]))}`,
    );
  }
  if (original.some((target) => target.revision === revision)) {
    throw new NoPlan(`${to} is not a tag of ${service}; its revision is: --to ${revision}`);
  }
  const tag = revision.startsWith(`${service}-`) ? revision.slice(service.length + 1) : null;
  const free = tag !== null && !known.includes(tag) ? tag : null;
  return [...original, { revision, tag: free, percent: 0, latest: false }];
}

function baselineOf(
  original: readonly Target[],
  candidate: string,
  service: string,
  from: string | undefined,
): string {
  const others = original.filter(({ revision, percent }) => revision !== candidate && percent > 0);
  if (from === undefined) {
    const names = [...new Set(others.map(({ revision }) => revision))];
    const [largest] = names.sort((a, b) => percentOf(others, b) - percentOf(others, a));
    if (largest === undefined) throw new NoPlan(`${service} has no other revision with traffic.`);
    return largest;
  }
  const found = others.find(({ tag, revision }) => tag === from || revision === from);
  if (found !== undefined) return found.revision;
  const names = others.map(({ tag, revision }) => tag ?? revision);
  throw new NoPlan(`${from} has no traffic to be compared with: ${didYouMean(from, names)}`);
}

function refuseUnseenAnswers({ settings, source }: PlanOptions): void {
  const found = (settings.checks ?? []).find(({ query }) => namesAnswerField(query));
  if (found === undefined || source.tellsAnswers === true) return;
  const { name, query } = found;
  throw new NoPlan(
    `--check ${name}=${query}: source ${source.name} does not report the contents of answers; the local mesh does. On a cluster, count it in the service and compare the value that a Prometheus has: --check '${name}=sum(rate(…{revision="$revision"}[1m]))'`,
  );
}

function checkApprovals({ approveAt = [] }: Settings, percents: readonly number[]): void {
  const unknown = approveAt.find((percent) => !percents.includes(percent));
  if (unknown !== undefined)
    throw new NoPlan(
      `--approve-at ${unknown}: no step is ${unknown} %; the steps are ${percents.join(", ")}`,
    );
}

function checkFreezeWindows({ notBetween = [] }: Settings): void {
  for (const text of notBetween) {
    const window = parseFreezeWindow(text);
    if ("problem" in window) throw new NoPlan(`--not-between: ${window.problem}`);
  }
}

function checkPercents(percents: readonly number[], step: number): void {
  const rising = percents.every((percent, i) => percent > (percents[i - 1] ?? 0));
  const given = percents.join(",");
  if (!rising || percents.length === 0 || percents.some((percent) => percent > 100))
    throw new NoPlan(
      `--steps ${given}: ${step === 1 ? "whole percents" : "percents"} up to 100 are expected, each above the one before, such as 1,10,50,100`,
    );
  if (!percents.every((percent) => isMultiple(percent, step)))
    throw new NoPlan(
      step === 1
        ? `--steps ${given}: whole percents are expected; only a split by buckets has steps of ${BUCKET_PERCENT} % (./kyc split SERVICE --by header:NAME)`
        : `--steps ${given}: percents with at most two decimals are expected, because a bucket is ${step} %`,
    );
  if (percents.at(-1) !== 100)
    throw new NoPlan(
      `--steps ${percents.join(",")}: the last step must be 100. To set a lasting share, use ./kyc split.`,
    );
}
