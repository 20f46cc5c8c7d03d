import type { Change, ShadowCounts } from "./counts.ts";
import { criteriaFor, type Criterion } from "./criteria.ts";
import { RISKS } from "./risks.ts";
import { eBenjaminiHochberg } from "./statistics/e-bh.ts";
import { excess, type Interval, logAbove, logBelow, type Tally } from "./statistics/excess.ts";

/** A verdict, as exit codes and reports have it. */
export type Verdict = "accepted" | "rejected" | "undecided";

/** The assessment of one limit. */
export interface AssessedCriterion extends Criterion {
  readonly tally: Tally;
  /** The rate beyond the control's own noise. */
  readonly rate: Interval;
  readonly verdict: Verdict;
}

/** A field that changes more in a segment than its limit allows. */
export interface NamedSegment {
  readonly segment: { readonly field: string; readonly value: string };
  readonly field: string;
  readonly change: Change;
  readonly limit: number;
  readonly tally: Tally;
  readonly rate: Interval;
}

/** The current verdict of a comparison. */
export interface Assessment {
  readonly verdict: Verdict;
  /** Why, as a sentence without a full stop. */
  readonly because: string;
  readonly criteria: readonly AssessedCriterion[];
  readonly named: readonly NamedSegment[];
}

const LEVEL = 0.01;

/**
 * Judges a candidate by its limits, given and default. It is accepted if each limit is kept with 99 % confidence and
 * no segment is named; rejected if one is broken, where the limits share the risk. Valid for any number of checks.
 */
export function assess(counts: ShadowCounts, given: readonly Criterion[]): Assessment {
  const all = criteriaFor(given, counts);
  const criteria = all.map((criterion): AssessedCriterion => {
    const tally = tallyOf(counts, criterion);
    return {
      ...criterion,
      tally,
      rate: excess(tally, LEVEL),
      verdict: verdictOf(tally, criterion, all.length),
    };
  });
  const named = nameSegments(counts, all);
  return { ...conclude(criteria, named), criteria, named };
}

function verdictOf(tally: Tally, { limit }: Criterion, criteria: number): Verdict {
  if (logAbove(tally, limit) >= Math.log(criteria / RISKS.reject)) return "rejected";
  return logBelow(tally, limit) >= -Math.log(RISKS.accept) ? "accepted" : "undecided";
}

function conclude(
  criteria: readonly AssessedCriterion[],
  named: readonly NamedSegment[],
): Pick<Assessment, "verdict" | "because"> {
  const rejected = criteria.filter(({ verdict }) => verdict === "rejected");
  const open = criteria.filter(({ verdict }) => verdict === "undecided");
  if (rejected.length > 0) return { verdict: "rejected", because: `${listed(rejected)} beyond the limit` };
  if (criteria.length === 0) return { verdict: "undecided", because: "nothing was compared yet" };
  if (open.length > 0) return { verdict: "undecided", because: `not enough pairs yet for ${listed(open)}` };
  if (named.length > 0)
    return {
      verdict: "undecided",
      because: `the limits are kept overall, but not in ${segmentsListed(named)}`,
    };
  return { verdict: "accepted", because: "every limit is kept, with 99 % confidence" };
}

function tallyOf({ fields }: ShadowCounts, { field, change }: Criterion): Tally {
  const counts = fields[field];
  if (counts === undefined) return { pairs: 0, candidate: 0, control: 0 };
  if (change !== "found") return { pairs: counts.pairs, ...counts.alone[change] };
  const { pairs, found } = counts.only.candidate;
  return { pairs, candidate: found, control: 0 };
}

function nameSegments({ segments }: ShadowCounts, criteria: readonly Criterion[]): NamedSegment[] {
  const hypotheses = segments.flatMap(({ field: of, value, fields }) =>
    criteria.flatMap(({ field, change, limit }) => {
      const counts = fields[field];
      if (counts === undefined || change === "found") return [];
      const tally = { pairs: counts.pairs, ...counts.alone[change] };
      return [{ segment: { field: of, value }, field, change, limit, tally }];
    }),
  );
  const rejected = eBenjaminiHochberg(
    hypotheses.map(({ tally, limit }) => logAbove(tally, limit)),
    RISKS.named,
  );
  return rejected.flatMap((i) => {
    const found = hypotheses[i];
    return found === undefined ? [] : [{ ...found, rate: excess(found.tally, LEVEL) }];
  });
}

function listed(criteria: readonly Criterion[]): string {
  const names = criteria.map(({ field, change }) => `${field}.${change}`);
  return names.length > 3 ? `${names.slice(0, 2).join(", ")} and ${names.length - 2} more` : names.join(", ");
}

function segmentsListed(named: readonly NamedSegment[]): string {
  const names = [...new Set(named.map(({ segment }) => `${segment.field} ${segment.value}`))];
  return names.length > 3 ? `${names.slice(0, 2).join(", ")} and ${names.length - 2} more` : names.join(", ");
}
