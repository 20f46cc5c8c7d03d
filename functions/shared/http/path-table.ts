/** The paths that an application has and the methods that each of them takes. */
export interface PathTable {
  /** Takes in routes as Elysia lists them. */
  learn(routes: Iterable<{ readonly method: string; readonly path: string }>): void;
  /** The methods of a path, HEAD and OPTIONS with them; nothing where there is no such path. */
  methodsOf(path: string): readonly string[] | undefined;
}

/**
 * Makes an empty table. Elysia answers 404 both for a path that it does not know and for a method
 * that a path does not take; this is what tells them apart. All paths here are fixed ones.
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
