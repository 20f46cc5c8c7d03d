/** The paths of an application and the methods that each takes. */
export interface PathTable {
  /** Adds routes as Elysia lists them. */
  learn(routes: Iterable<{ readonly method: string; readonly path: string }>): void;
  /** The methods of a path, with HEAD and OPTIONS; undefined for an unknown path. */
  methodsOf(path: string): readonly string[] | undefined;
}

/**
 * Makes an empty table. Elysia answers 404 both for an unknown path and for an unsupported method; the table distinguishes
 * them. Paths have no parameters.
 */
export function createPathTable(): PathTable {
  const methods = new Map<string, Set<string>>();
  return {
    learn(routes) {
      for (const { method, path } of routes) {
        const known = methods.get(path) ?? new Set<string>();
        known.add(method);
        if (method === "GET") known.add("HEAD");
        known.add("OPTIONS");
        methods.set(path, known);
      }
    },
    methodsOf: (path) => {
      const known = methods.get(path);
      return known === undefined ? undefined : [...known];
    },
  };
}
