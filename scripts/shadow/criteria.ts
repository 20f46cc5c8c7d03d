import type { Change, ShadowCounts } from "./counts.ts";

/** A limit for a candidate: at most this share of requests may change so. */
export interface Criterion {
  readonly field: string;
  /** `found`: how often the candidate raises a field that the control does not have. */
  readonly change: Change | "found";
  /** A share of requests, above 0 and below 1. */
  readonly limit: number;
}

/** The default limits. Failing instead of passing is limited more strictly than the reverse. */
export const DEFAULT_LIMITS: Readonly<Record<Change, number>> = { fail: 0.001, pass: 0.01, mismatch: 0.001 };

const CRITERION = /^([A-Za-z_][\w.-]*)\.(fail|pass|mismatch|found)\s*<\s*(\d+(?:\.\d+)?|\.\d+)\s*(%?)$/;

/**
 * Parses a limit such as `backgroundCheckPass.fail<0.1%`, or equivalently `<0.001`.
 * @returns undefined if the text is not a limit
 */
export function readCriterion(text: string): Criterion | undefined {
  const [, field = "", change = "", number = "", percent] = CRITERION.exec(text.trim()) ?? [];
  const limit = Number(number) / (percent === "%" ? 100 : 1);
  if (!isChange(change) || !(limit > 0 && limit < 1)) return undefined;
  return { field, change, limit };
}

/** The text of a limit: `backgroundCheckPass.fail<0.1%`. */
export function criterionText({ field, change, limit }: Criterion): string {
  return `${field}.${change}<${Number((limit * 100).toPrecision(6))}%`;
}

/** The field of every answer: whether there is one, of status 2xx with a JSON object. */
export const ANSWERED = "answered";

/**
 * Returns the limits that decide: the given ones, and that the candidate answers; or else the default ones of every
 * field that both versions have.
 */
export function criteriaFor(
  given: readonly Criterion[],
  { fields }: Pick<ShadowCounts, "fields">,
): Criterion[] {
  const others = Object.entries(fields)
    .filter(([name, { pairs }]) => pairs > 0 && (given.length === 0 || name === ANSWERED))
    .flatMap(([field, { table, pairs }]) => {
      const isDirected = table.passPass + table.passFail + table.failPass + table.failFail === pairs;
      const changes: Change[] = isDirected ? ["fail", "pass"] : ["mismatch"];
      return changes.map((change) => ({ field, change, limit: DEFAULT_LIMITS[change] }));
    });
  const isGiven = (other: Criterion): boolean =>
    given.some(({ field, change }) => field === other.field && change === other.change);
  return [...given, ...others.filter((other) => !isGiven(other))];
}

function isChange(text: string): text is Criterion["change"] {
  return ["fail", "pass", "mismatch", "found"].includes(text);
}
