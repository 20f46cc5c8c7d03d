import type { SourceDefinition } from "../source.ts";

/** The event stream of the local mesh, with each request as its caller saw it. */
export const mesh: SourceDefinition = {
  name: "mesh",
  summary: "the requests of the local mesh, as their callers see them",
  locations: ["machine"],
  flags: [],
  inCluster: () => false,
  applies: async () => true,
  async open({ root, service }) {
    const { meshSource } = await import("./mesh-outcomes.ts");
    return meshSource({ root }, service);
  },
};
