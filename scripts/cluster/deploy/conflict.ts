import { ApiError } from "../kube/api-error.ts";
import { nameOf, type ObjectRef } from "../kube/kube-object.ts";

/** Fields that another field manager owns, so that the apply was refused. */
export interface Conflict {
  object: string;
  fields: { field: string; manager: string }[];
}

/** Returns the fields in conflict, if that is why an apply was refused. */
export function conflictOf(error: unknown, ref: ObjectRef): Conflict | undefined {
  if (!(error instanceof ApiError) || error.code !== 409) return undefined;
  const causes = error.status?.details?.causes ?? [];
  const fields = causes.flatMap(({ reason, message = "", field = "" }) => {
    if (reason !== "FieldManagerConflict") return [];
    return [{ field: field.replace(/^\./, ""), manager: managerIn(message) }];
  });
  return fields.length === 0 ? undefined : { object: nameOf(ref), fields };
}

/**
 * The field manager in a cause's message, such as `conflict with "kubectl-edit" using apps/v1`. The API has no field for
 * it (structured-merge-diff, merge/conflict.go). It is shown to the user only, so another wording costs a name.
 */
function managerIn(message: string): string {
  return /"([^"]+)"/.exec(message)?.[1] ?? "another manager";
}

/** Describes conflicts, and how to resolve them. */
export function describeConflicts(conflicts: readonly Conflict[]): string {
  const lines = conflicts.flatMap(({ object, fields }) => [
    `${object}:`,
    ...fields.map(({ field, manager }) => `  ${field} is set by ${manager}`),
  ]);
  return [
    "Fields that another user or tool has set to other values were not changed:",
    ...lines,
    "Copy their values into the files, or overwrite them with ./kyc deploy --force-conflicts.",
  ].join("\n");
}
