import { didYouMean } from "../../nearest.ts";
import { type KnFlags, LATEST, readPair } from "./flags.ts";
import type { KnTarget } from "./target.ts";

/**
 * Returns a sentence with the nearest names for each name in the flags that does not exist. kn does not check: it
 * adds a target, and waits for the revision until its timeout. (knative/client, issue 445)
 * @param revisions the revisions that exist
 */
export function unknownReferences(
  traffic: readonly KnTarget[],
  revisions: readonly string[],
  flags: KnFlags,
): string[] {
  const tags = new Set(traffic.flatMap(({ tag }) => tag ?? []).filter((tag) => !flags.untags.includes(tag)));
  const sentences: string[] = [];
  for (const text of flags.tags) {
    const pair = readPair(text);
    if ("refusal" in pair) continue;
    tags.add(pair.value);
    if (pair.ref === LATEST || revisions.includes(pair.ref)) continue;
    const advice = didYouMean(pair.ref, [LATEST, ...revisions]);
    sentences.push(`--tag ${text}: there is no revision ${pair.ref}; ${advice}`);
  }
  for (const text of flags.traffic ?? []) {
    const pair = readPair(text);
    if ("refusal" in pair) continue;
    const { ref } = pair;
    if (ref === LATEST || tags.has(ref) || revisions.includes(ref)) continue;
    const advice = didYouMean(ref, [...tags, LATEST, ...revisions]);
    sentences.push(`--traffic ${text}: there is no tag or revision ${ref}; ${advice}`);
  }
  return sentences;
}
