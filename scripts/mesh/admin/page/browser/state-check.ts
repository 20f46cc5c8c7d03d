import { Check } from "typebox/schema";
import { MeshState } from "../../schema.ts";

/**
 * Whether the mesh answered with a state of this page's version. In the bundle the code that typebox generates for the
 * schema takes the place of this module: the page's policy allows no `eval`, and reading the schema anew for each state
 * of a thousand revisions takes seconds.
 */
export function isMeshState(value: unknown): value is MeshState {
  return Check(MeshState, value);
}
