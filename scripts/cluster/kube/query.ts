/** The query of a path with the parameters that are defined, including the question mark; empty without any. */
export function queryOf(parameters: Record<string, string | undefined>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.set(name, value);
  return query.size === 0 ? "" : `?${query}`;
}
