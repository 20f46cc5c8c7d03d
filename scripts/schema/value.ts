/** The path in a document that a JSON pointer means. */
export function documentPath(pointer: string, root: unknown): (string | number)[] {
  const path: (string | number)[] = [];
  let value = root;
  for (const step of stepsOf(pointer)) {
    path.push(Array.isArray(value) ? Number(step) : step);
    value = valueAt(value, [step]);
  }
  return path;
}

/** The steps of a JSON pointer (RFC 6901). */
export function stepsOf(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** The value at a path; undefined if there is none. */
export function valueAt(root: unknown, path: readonly (string | number)[]): unknown {
  let value = root;
  for (const step of path)
    value = isRecord(value) || Array.isArray(value) ? (value as Record<string, unknown>)[step] : undefined;
  return value;
}

/** The list at a path; empty if there is none. */
export function listAt(root: unknown, path: readonly (string | number)[]): unknown[] {
  const value = valueAt(root, path);
  return Array.isArray(value) ? value : [];
}

/** Whether a value is a map of fields. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
