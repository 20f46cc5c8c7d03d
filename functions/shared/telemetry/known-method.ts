const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** What a method is logged and counted as: those that are none of the usual ones are one, for a caller may invent any. */
export const knownMethod = (method: string): string => (METHODS.has(method) ? method : "other");
