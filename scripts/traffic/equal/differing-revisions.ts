import { isRecord } from "../../schema/value.ts";
import type { FieldPath } from "../../manifests/document.ts";
import { formatPath } from "../../manifests/problem.ts";
import type { Described } from "./entries.ts";

/**
 * Returns the revisions that both sides describe under one name with different programs. Such revisions do not
 * respond alike, even if the routes are equal.
 */
export function revisionsThatDiffer(a: Described, b: Described): string[] {
  const described = ({ plan, borrowed }: Described) =>
    new Map(
      plan.services
        .filter(({ namespace, name }) => !borrowed.has(`${namespace}/${name}`))
        .flatMap(({ revisions }) =>
          revisions.map((revision) => [`${revision.namespace}/${revision.name}`, revision]),
        ),
    );
  const ofB = described(b);
  return [...described(a)].flatMap(([name, revision]) => {
    const same = ofB.get(name);
    const path =
      same && firstDifference(revision.template.spec, same.template.spec, ["spec", "template", "spec"]);
    return path === undefined
      ? []
      : [`revision ${name} is not the same program: ${formatPath(path)} differs`];
  });
}

function firstDifference(a: unknown, b: unknown, path: FieldPath): FieldPath | undefined {
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let i = 0; i < Math.max(a.length, b.length); i++) {
      const found = firstDifference(a[i], b[i], [...path, i]);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (isRecord(a) && isRecord(b)) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const found = firstDifference(a[key], b[key], [...path, key]);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  return a === b ? undefined : path;
}
