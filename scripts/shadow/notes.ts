import { count, counted, digits, percent } from "../format.ts";
import type { ShadowCounts } from "./counts.ts";
import type { Interval } from "./statistics/excess.ts";

/**
 * Formats an interval of a rate, in percent. A rate below 0, which means that the control differs more from itself,
 * is shown as observed.
 */
export function intervalText({ low, value, high }: Interval): string {
  return `${digits((value < 0 ? low : Math.max(0, low)) * 100)} to ${digits(high * 100)} %`;
}

/** A rate and its interval, as in `0.12 % (0.08 to 0.2 %)`. */
export function rateText(rate: Interval): string {
  return `${percent(rate.value)} (${intervalText(rate)})`;
}

/** Returns remarks about the counts besides the limits, as sentences without a full stop. */
export function noteLines({
  received,
  pairs,
  dropped,
  unconfirmed,
  ignored,
  fields,
}: ShadowCounts): string[] {
  const lost = Object.entries(dropped).filter(([, number]) => number > 0);
  const noise = Object.values(fields).reduce(
    (sum, { repeated }) => {
      const different = repeated.fail + repeated.pass + repeated.mismatch;
      return { pairs: Math.max(sum.pairs, repeated.pairs), different: sum.different + different };
    },
    { pairs: 0, different: 0 },
  );
  return [
    `${counted(received, "request")} mirrored, ${count(pairs)} compared${lost.length === 0 ? "" : `; not compared: ${lost.map(([why, number]) => `${count(number)} ${why}`).join(", ")}`}`,
    `the control asked twice for ${counted(noise.pairs, "request")}: ${counted(noise.different, "field")} differed by its own noise`,
    ...(unconfirmed === 0
      ? []
      : [
          `${counted(unconfirmed, "mismatch", "mismatches")} counted as the candidate's: the control did not answer again`,
        ]),
    ...ignored.map(({ name, reason }) => `${name} is ignored: ${reason}`),
  ];
}

/** Lists the fields that only one version has, and how often they are raised. */
export function foundLines({ fields }: ShadowCounts): string[] {
  return Object.entries(fields).flatMap(([name, { only }]) =>
    (["candidate", "control"] as const).flatMap((side) => {
      const { pairs, found } = only[side];
      if (pairs === 0) return [];
      return [
        `${name} is the ${side}'s alone, and raised in ${count(found)} of ${count(pairs)} (${percent(found / pairs)})`,
      ];
    }),
  );
}
