/** Below this path the mesh answers for itself; no route sees such a request. */
export const ADMIN_PATH = "/_mesh";
