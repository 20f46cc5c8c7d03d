import Type, { type Static } from "typebox";
import type { SplitChange, SplitState, SplitTarget } from "../../traffic/split/split.ts";
import { sameSplit } from "../../traffic/split/diff.ts";
import { SPLIT_MANAGER } from "./history-map.ts";

/** The managed fields of an object: which field manager wrote which fields, and when. */
export const ManagedFields = Type.Array(
  Type.Object({
    manager: Type.Optional(Type.String()),
    time: Type.Optional(Type.String()),
    subresource: Type.Optional(Type.String()),
    fieldsV1: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  }),
);
export type ManagedFields = Static<typeof ManagedFields>;

/** The managed fields of an object. */
export function managedFieldsOf(object: { metadata: object }): ManagedFields {
  const { managedFields } = object.metadata as { managedFields?: ManagedFields };
  return managedFields ?? [];
}

/**
 * The last writer of a field, and the time: the latest manager that wrote any part of it.
 * @param path as in `["spec", "traffic"]`
 */
export function lastWriter(
  fields: ManagedFields,
  path: readonly string[],
): { by: string; atMs: number } | undefined {
  const writers = fields.flatMap(({ manager = "an unnamed field manager", time, fieldsV1, subresource }) => {
    let at: unknown = fieldsV1;
    for (const step of path) at = (at as Record<string, unknown> | undefined)?.[`f:${step}`];
    const atMs = Date.parse(time ?? "");
    return at === undefined || subresource !== undefined || Number.isNaN(atMs) ? [] : [{ by: manager, atMs }];
  });
  return writers.sort((a, b) => b.atMs - a.atMs)[0];
}

/**
 * The author of the last change of a split. The API server knows the program; where it is this tool, its history knows
 * the user.
 */
export function changedBy(
  fields: ManagedFields,
  path: readonly string[],
  last: SplitChange | undefined,
  targets: readonly SplitTarget[],
): SplitState["changed"] {
  const writer = lastWriter(fields, path);
  const isOwn = writer?.by === SPLIT_MANAGER && last !== undefined && sameSplit(last.after, targets);
  return isOwn ? { by: last.by, atMs: last.atMs } : writer;
}
