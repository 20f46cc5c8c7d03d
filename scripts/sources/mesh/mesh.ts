import type { SourceDefinition } from "../source.ts";

/** The local mesh reports each request as its caller got it, by its event stream. */
export const mesh: SourceDefinition = {
  name: "mesh",
  summary: "each request that the local mesh carries, as its caller got it",
  locations: ["machine"],
  flags: [],
  inCluster: () => false,
  applies: async () => true,
  async open({ root, service }) {
    const { meshSource } = await import("./mesh-outcomes.ts");
    return meshSource({ root }, service);
  },
};
