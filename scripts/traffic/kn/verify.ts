import type { KnState } from "./compute.ts";
import { type KnFlags, LATEST, readFraction, readInteger, readPair } from "./flags.ts";
import { REFUSALS } from "./refusals.ts";

/** A percentage for a tag, a revision or `@latest`. */
export interface Assignment {
  ref: string;
  percent: number;
}

type Verified =
  | { assignments: Assignment[]; remainder: { revision: string; percent: number } | undefined }
  | { refusal: string };

/**
 * Parses kn's flags and checks them in kn's order: the form of the tags, then each percentage in turn, then their
 * sum. The remainder to 100 goes to the one target that was not named. (knative/client, pkg/traffic/compute.go,
 * verifyInput)
 */
export function verifyFlags(state: KnState, { traffic, tags, step }: KnFlags): Verified {
  const wrongTag = verifyTags(tags);
  if (wrongTag !== undefined) return { refusal: wrongTag };
  const read = readAssignments(traffic ?? [], step);
  if ("refusal" in read) return read;
  const { assignments } = read;
  // Sums of binary fractions are not exact.
  const sum = toMillionths(assignments.reduce((all, { percent }) => all + percent, 0));
  if (sum > 100) return { refusal: REFUSALS.sum(sum) };
  if (sum === 100 || assignments.length === 0) return { assignments, remainder: undefined };
  if (assignments.length !== state.observed.length - 1) return { refusal: REFUSALS.wrongCount(sum) };
  const revision = leftOver(state, assignments);
  if (revision === undefined) return { refusal: REFUSALS.notFound(sum) };
  const remainder = { revision, percent: toMillionths(100 - sum) };
  return { assignments: [...assignments, { ref: revision, percent: remainder.percent }], remainder };
}

function toMillionths(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

function verifyTags(tags: readonly string[]): string | undefined {
  let isLatestTagged = false;
  for (const text of tags) {
    const pair = readPair(text);
    if ("refusal" in pair) return pair.refusal;
    if (pair.ref !== LATEST) continue;
    if (isLatestTagged) return REFUSALS.repeated("--tag", LATEST);
    isLatestTagged = true;
  }
  return undefined;
}

function readAssignments(
  traffic: readonly string[],
  step: number | undefined,
): { assignments: Assignment[] } | { refusal: string } {
  const assignments: Assignment[] = [];
  for (const text of traffic) {
    const pair = readPair(text);
    if ("refusal" in pair) return pair;
    const { ref, value } = pair;
    if (assignments.some((other) => other.ref === ref))
      return { refusal: REFUSALS.repeated("--traffic", ref) };
    if (step !== undefined) {
      const fraction = readFraction(value, step);
      if (typeof fraction !== "number") return fraction;
      assignments.push({ ref, percent: fraction });
      continue;
    }
    const percent = readInteger(value);
    if (percent === undefined) return { refusal: REFUSALS.notInteger(value) };
    if (percent < 0n || percent > 100n) return { refusal: REFUSALS.outOfRange(percent) };
    assignments.push({ ref, percent: Number(percent) });
  }
  return { assignments };
}

/**
 * Returns the first target that no flag named by its revision. Tags do not count: kn compares with an annotation that
 * only its own list of revisions carries. So a target named by its tag may get the remainder too, and have two
 * percentages.
 */
function leftOver(
  { observed, revisions, latest }: KnState,
  named: readonly Assignment[],
): string | undefined {
  const refs = new Set(named.map(({ ref }) => ref));
  if (refs.has(LATEST)) {
    // Without a latest ready revision, @latest means each revision to kn.
    if (latest === undefined) return undefined;
    refs.add(latest);
  }
  for (const { revisionName } of observed) {
    if (revisionName === undefined || !revisions.includes(revisionName)) return undefined;
    if (!refs.has(revisionName)) return revisionName;
  }
  return undefined;
}
