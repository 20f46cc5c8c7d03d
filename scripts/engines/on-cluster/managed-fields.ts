import Type, { type Static } from "typebox";
import type { SplitChange, SplitState, SplitTarget } from "../../traffic/split/split.ts";
import { sameSplit } from "../../traffic/split/diff.ts";
import { SPLIT_MANAGER } from "./history-map.ts";

/** The managed fields of an object: which field manager wrote which fields, and when. */
export const ManagedFields = Type.Array(
  Type.Object({
    manager: Type.Optional(Type.String()),
    operation: Type.Optional(Type.String()),
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

/** The entries of the managers that own a field. @param path as in `["spec", "http"]` */
export function ownersOf(fields: ManagedFields, path: readonly string[]): ManagedFields {
  return fields.filter(({ fieldsV1, subresource }) => subresource === undefined && hasField(fieldsV1, path));
}

/**
 * Returns the managed fields of an object after a manager has returned a field to its previous owners, so that a
 * later apply by one of them has no conflict.
 * @param owners their entries, from `ownersOf`
 */
export function givenBack(
  fields: ManagedFields,
  path: readonly string[],
  manager: string,
  owners: ManagedFields,
): ManagedFields {
  const field = path.reduceRight<Fields>((inner, step) => ({ [`f:${step}`]: inner }), {});
  const isOwner = (entry: ManagedFields[number]): boolean =>
    entry.subresource === undefined &&
    owners.some((owner) => owner.manager === entry.manager && owner.operation === entry.operation);
  const changed = fields.flatMap((entry): ManagedFields => {
    const { fieldsV1 = {} } = entry;
    if (isOwner(entry)) return [{ ...entry, fieldsV1: merged(fieldsV1, field) }];
    if (entry.manager !== manager || entry.subresource !== undefined) return [entry];
    const kept = without(fieldsV1, path);
    return kept === undefined ? [] : [{ ...entry, fieldsV1: kept }];
  });
  const gone = owners.filter((owner) => !fields.some((entry) => isOwner(entry) && isSame(entry, owner)));
  return [...changed, ...gone.map((owner) => ({ ...owner, fieldsV1: field }))];
}

type Fields = Record<string, unknown>;

function isSame(a: ManagedFields[number], b: ManagedFields[number]): boolean {
  return a.manager === b.manager && a.operation === b.operation;
}

function hasField(fields: unknown, path: readonly string[]): boolean {
  let at = fields;
  for (const step of path) at = (at as Fields | undefined)?.[`f:${step}`];
  return at !== undefined;
}

function merged(a: Fields, b: Fields): Fields {
  const both = Object.entries(b).map(([name, value]) => [
    name,
    name in a ? merged(a[name] as Fields, value as Fields) : value,
  ]);
  return { ...a, ...Object.fromEntries(both) };
}

/** Returns the fields without one of them; undefined if none remains. */
function without(fields: Fields, [step, ...rest]: readonly string[]): Fields | undefined {
  const { [`f:${step}`]: inner, ...others } = fields;
  const kept = rest.length === 0 || inner === undefined ? undefined : without(inner as Fields, rest);
  const all = kept === undefined ? others : { ...others, [`f:${step}`]: kept };
  return Object.keys(all).length === 0 ? undefined : all;
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
    const atMs = Date.parse(time ?? "");
    const isWriter = subresource === undefined && hasField(fieldsV1, path) && !Number.isNaN(atMs);
    return isWriter ? [{ by: manager, atMs }] : [];
  });
  return writers.sort((a, b) => b.atMs - a.atMs)[0];
}

/**
 * The author of the last change of a split. The API server records the program; if it is this tool, its history records
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
