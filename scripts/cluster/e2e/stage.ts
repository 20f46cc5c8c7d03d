import { InvalidManifests } from "../../manifests/problem.ts";
import { readDocuments } from "../../manifests/read.ts";
import { describeConflicts } from "../deploy/conflict.ts";
import { deploy, type Deployed } from "../deploy/deploy.ts";
import { UserError } from "../user-error.ts";
import type { Stage } from "./scenario.ts";

/** How the end-to-end test deploys: over whatever was changed since, and without a word. */
export const QUIETLY = {
  forceConflicts: true,
  dryRun: false,
  timeoutMs: 180_000,
  events: { onChange() {}, onView() {}, onImage() {} },
};

/** A stage with its deployments, which end with its signal. */
export function stageOf(given: Omit<Stage, "deploy">): Stage {
  return { ...given, deploy: (folders, change) => deployQuietly(given, folders, change) };
}

async function deployQuietly(
  { kube, root, namespace, images, signal }: Omit<Stage, "deploy">,
  folders: readonly string[],
  change: (object: unknown) => unknown = (object) => object,
): Promise<Deployed> {
  const read = await readDocuments(root, folders);
  const errors = read.problems.filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new InvalidManifests(errors);
  const documents = read.documents.map((document) => ({ ...document, value: change(document.value) }));
  const deployed = await deploy({ kube, documents, images, namespace, signal, ...QUIETLY });
  if (deployed.conflicts.length > 0) throw new UserError(describeConflicts(deployed.conflicts));
  return deployed;
}
