import type { KubeObject } from "./kube-object.ts";

/**
 * Whether an object has everything that was written to it. Additional fields of the API server or another writer are
 * allowed, except in lists; a null is a removed field. Only labels and annotations of the metadata count.
 */
export function hasWritten(found: KubeObject, written: object): boolean {
  const { metadata, status: _, ...fields } = written as Partial<KubeObject>;
  const { labels, annotations } = metadata ?? {};
  return includes(found, fields) && includes(found.metadata, { labels, annotations });
}

function includes(found: unknown, written: unknown): boolean {
  if (written === undefined) return true;
  if (written === null) return found === undefined || found === null;
  if (typeof written !== "object") return found === written;
  if (typeof found !== "object" || found === null) return false;
  if (Array.isArray(written))
    return (
      Array.isArray(found) &&
      found.length === written.length &&
      written.every((item, i) => includes(found[i], item))
    );
  return Object.entries(written).every(([key, value]) =>
    includes(Object.hasOwn(found, key) ? (found as Record<string, unknown>)[key] : undefined, value),
  );
}
