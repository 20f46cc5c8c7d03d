/** The traffic flags of `kn service update`, each with all of its values. */
export interface KnFlags {
  /** `REF=PERCENT`; undefined if the flag was not given, which differs from an empty list. */
  traffic: readonly string[] | undefined;
  /** `REVISION=TAG`. */
  tags: readonly string[];
  /** Tags to remove. */
  untags: readonly string[];
  /** The smallest step of a percent. @default kn's own, 1 */
  step?: number;
}

/** The default reference of a flag: the latest ready revision. */
export const LATEST = "@latest";

/** Both sides of `REF=VALUE`, or why the text is malformed. */
export type Pair = { ref: string; value: string } | { refusal: string };

/**
 * Parses `REF=VALUE`. Without a reference it means the latest ready revision. A percent sign may follow only with a
 * reference. (knative/client, pkg/traffic/compute.go, splitByEqualSign)
 */
export function readPair(text: string): Pair {
  const [ref = "", value, ...more] = text.split("=");
  if (value === undefined) return { ref: LATEST, value: ref };
  if (more.length > 0 || ref === "" || value === "")
    return { refusal: `expecting the value format in value1=value2, given ${text}` };
  return { ref, value: value.replace(/%$/, "") };
}

/** Parses a percent from 0 to 100 in steps of a fraction, without rounding; otherwise returns the expected form. */
export function readFraction(text: string, step: number): number | { refusal: string } {
  const steps = Number(text) / step;
  const isPercent = /^[0-9]+([.][0-9]+)?$/.test(text) && Number(text) <= 100;
  if (isPercent && Math.abs(steps - Math.round(steps)) < 1e-6) return Number(text);
  return { refusal: `${text} is not a percent from 0 to 100 in steps of ${step}` };
}

/** Parses an integer as Go's strconv.Atoi does: with an optional sign, within 64 bits. */
export function readInteger(text: string): bigint | undefined {
  if (!/^[+-]?[0-9]+$/.test(text)) return undefined;
  const value = BigInt(text.replace(/^\+/, ""));
  return BigInt.asIntN(64, value) === value ? value : undefined;
}
