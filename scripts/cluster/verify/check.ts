/** The result of one check: the expected and the observed value. */
export interface CheckResult {
  /** The group that it is listed under, such as `contract` or `split`. */
  group: string;
  name: string;
  expected: string;
  seen: string;
  ok: boolean;
}

/** A check that holds when both texts are equal. */
export function equalCheck(group: string, name: string, expected: string, seen: string): CheckResult {
  return { group, name, expected, seen, ok: expected === seen };
}
