import type { EngineDefinition } from "../engine.ts";

/** The files of a folder, which the local mesh follows while it runs. */
export const local: EngineDefinition = {
  name: "local",
  summary: "the files in knative/ and istio/, which ./kyc dev serves",
  location: "machine",
  async detect(context) {
    const { findMesh } = await import("../../mesh/admin/dev-file.ts");
    return (await findMesh(context.root)) === undefined
      ? { because: `./kyc dev does not run from ${context.root}.` }
      : this.open(context);
  },
  async open({ root, service, namespace }) {
    const { localEngine } = await import("./local-engine.ts");
    return localEngine({ root, service, namespace });
  },
};
