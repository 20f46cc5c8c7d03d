/** What `kn service update` was told about traffic, each flag as often as it was given. */
export interface KnFlags {
  /** `REF=PERCENT`; undefined when the flag was not given at all, which is not the same as an empty list. */
  traffic: readonly string[] | undefined;
  /** `REVISION=TAG`. */
  tags: readonly string[];
  /** Tags to take away. */
  untags: readonly string[];
}

/** What a flag means without a reference: the latest ready revision. */
export const LATEST = "@latest";

/** Both sides of `REF=VALUE`, or why it is none. */
export type Pair = { ref: string; value: string } | { refusal: string };

/**
 * Reads `REF=VALUE`. Without a reference the latest ready revision is meant, and only with one may a per cent sign
 * follow. (knative/client, pkg/traffic/compute.go, splitByEqualSign)
 */
export function readPair(text: string): Pair {
  const [ref = "", value, ...more] = text.split("=");
  if (value === undefined) return { ref: LATEST, value: ref };
  if (more.length > 0 || ref === "" || value === "")
    return { refusal: `expecting the value format in value1=value2, given ${text}` };
  return { ref, value: value.replace(/%$/, "") };
}

/** Reads a whole number as Go's strconv.Atoi does: a sign may lead it, and it has to fit in 64 bits. */
export function readInteger(text: string): bigint | undefined {
  if (!/^[+-]?[0-9]+$/.test(text)) return undefined;
  const value = BigInt(text.replace(/^\+/, ""));
  return BigInt.asIntN(64, value) === value ? value : undefined;
}
