/** The query of a path: a question mark and what is defined of these, or nothing. */
export function queryOf(parameters: Record<string, string | undefined>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.set(name, value);
  return query.size === 0 ? "" : `?${query}`;
}
