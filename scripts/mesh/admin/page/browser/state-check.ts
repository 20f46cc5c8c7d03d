import { Check } from "typebox/schema";
import { MeshState } from "../../schema.ts";

/**
 * Whether the mesh answered with a state of this page's version. In the bundle, the code that typebox generates for
 * the schema replaces this module: the page's policy does not allow `eval`, and interpreting the schema for each
 * state of a thousand revisions takes seconds.
 */
export function isMeshState(value: unknown): value is MeshState {
  return Check(MeshState, value);
}
