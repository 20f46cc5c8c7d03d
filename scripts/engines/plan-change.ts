import type { RevisionState, SplitForm, SplitState, SplitTarget } from "../traffic/split/split.ts";
import type { RecordedEngine } from "./engine.ts";
import { computeTraffic, type KnState } from "../traffic/kn/compute.ts";
import type { KnFlags } from "../traffic/kn/flags.ts";
import { asSplit, asTraffic, resolved } from "../traffic/kn/target.ts";
import { unknownReferences } from "../traffic/kn/unknown.ts";
import { webhookRefusal } from "../traffic/kn/webhook.ts";
import { BUCKET_PERCENT } from "../traffic/split/bucket-ranges.ts";
import { changedShare, revisionPercents } from "../traffic/split/diff.ts";

/** A change of a split that can be made. */
export interface PlannedChange {
  before: SplitState;
  after: SplitTarget[];
  /** The form of the split afterwards. */
  form: SplitForm;
  /** The share of requests, in percent, that reach another revision afterwards. */
  changedShare: number;
  /** The revision that gets the remainder of the percents. */
  remainder: { revision: string; percent: number } | undefined;
}

/** A refused change. The message has the reason, in kn's words if kn refuses it too, and a remedy. */
export class Refused extends Error {
  override readonly name: string = "Refused";
}

/** A refused change that names a tag or a revision that does not exist. */
export class UnknownTarget extends Refused {
  override readonly name = "UnknownTarget";
}

export interface PlanOptions {
  flags: KnFlags;
  /** Whether names that do not exist are accepted, as kn accepts them. */
  allowMissing: boolean;
  /** Whether revisions that are not ready may get more traffic. */
  force: boolean;
  /** The form of the split. @default the present one */
  form?: SplitForm | undefined;
}

/**
 * The split after kn's flags, checked for harm.
 * @throws Refused
 */
export async function planChange(engine: RecordedEngine, options: PlanOptions): Promise<PlannedChange> {
  const { flags, allowMissing, force } = options;
  const [before, revisions, runs, status] = await Promise.all([
    engine.read(),
    engine.revisions(),
    engine.runs(),
    engine.status?.(),
  ]);
  const names = revisions.map(({ name }) => name);
  const newest = (runs ? revisions.filter(({ ready }) => ready) : revisions).at(-1)?.name ?? names.at(-1);
  const latest = status?.latest ?? newest;
  const traffic = asTraffic(before.targets);
  const state: KnState = {
    service: engine.service,
    traffic,
    observed: status?.traffic ?? resolved(traffic, latest),
    revisions: names,
    latest,
  };
  const form = options.form ?? { header: before.header };
  const unkept = await engine.formRefusal?.(form);
  if (unkept !== undefined) throw new Refused(unkept);
  // A change of only the form keeps the percents.
  const isOfForm = flags.traffic === undefined && flags.tags.length === 0 && flags.untags.length === 0;
  if (isOfForm) return { before, after: [...before.targets], form, changedShare: 0, remainder: undefined };
  const result = computeTraffic(
    state,
    form.header === undefined ? flags : { ...flags, step: BUCKET_PERCENT },
  );
  if ("refusal" in result) throw new Refused(result.refusal);
  const unknown = allowMissing ? [] : unknownReferences(traffic, names, flags);
  if (unknown.length > 0)
    throw new UnknownTarget(
      `${unknown.join("\n")}\nNothing was changed; --allow-missing writes it anyway, as kn does.`,
    );
  const refusal = webhookRefusal(result.traffic);
  if (refusal !== undefined) throw new Refused(refusal + adviceFor(result.remainder));
  const after = asSplit(result.traffic, latest ?? "");
  if (runs && !force) refuseUnready(before.targets, after, revisions);
  return {
    before,
    after,
    form,
    changedShare: changedShare(before.targets, after),
    remainder: result.remainder,
  };
}

/** Returns advice if kn gives the remainder to a target that the flags name by its tag. */
function adviceFor(remainder: PlannedChange["remainder"]): string {
  if (remainder === undefined) return "";
  return `\nThe remaining ${remainder.percent} % would go to ${remainder.revision}, as in kn, which a tag has already named: give every target its percent.`;
}

/** @throws Refused if a revision that is not ready would get more traffic than before */
export function refuseUnready(
  before: readonly SplitTarget[],
  after: readonly SplitTarget[],
  revisions: readonly RevisionState[],
): void {
  const had = revisionPercents(before);
  const unready = [...revisionPercents(after)].flatMap(([name, percent]) => {
    const revision = revisions.find((each) => each.name === name);
    const isMore = percent > (had.get(name) ?? 0);
    return isMore && revision?.ready === false
      ? [`${name} is not ready: ${revision.reason ?? "no reason was given"}`]
      : [];
  });
  if (unready.length > 0)
    throw new Refused(`${unready.join("\n")}\nNothing was changed; --force gives it the traffic anyway.`);
}
