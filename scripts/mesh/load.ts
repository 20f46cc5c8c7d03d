import { InvalidManifests, type Problem } from "../manifests/problem.ts";
import { readManifests } from "../manifests/read.ts";
import type { Resources } from "../manifests/resources.ts";
import type { ValidateOptions } from "../manifests/validate.ts";
import { compilePlan, type Plan } from "../traffic/compile.ts";
import { type RevisionSpec, revisionSpecs } from "./revisions/spec.ts";

/** The folders that describe the system, below its root. The mesh reads nothing else. */
export const FOLDERS = ["knative", "istio"] as const;

/** The domain of public Knative Services on one machine: browsers and curl resolve every name below it to loopback. */
export const LOCAL_DOMAIN = "localhost";

/** A valid configuration, ready to be run. */
export interface Loaded {
  resources: Resources;
  plan: Plan;
  specs: RevisionSpec[];
  warnings: Problem[];
}

/**
 * Reads and checks the whole configuration.
 * @throws InvalidManifests with every error
 */
export async function loadConfiguration(root: string, options: ValidateOptions = {}): Promise<Loaded> {
  const { resources, problems } = await readManifests(root, FOLDERS, options);
  const compiled = compilePlan(resources, LOCAL_DOMAIN);
  const { specs, problems: unrunnable } = await revisionSpecs(
    root,
    compiled.plan.services.flatMap(({ revisions }) => revisions),
  );
  const all = [...problems, ...compiled.problems, ...unrunnable];
  // A field that cannot be read takes what refers to it along: those later complaints would only distract.
  const errors = firstKind(problems, compiled.problems, unrunnable);
  if (errors.length > 0) throw new InvalidManifests(errors);
  return { resources, plan: compiled.plan, specs, warnings: all };
}

function firstKind(...stages: Problem[][]): Problem[] {
  for (const stage of stages) {
    const errors = stage.filter(({ severity }) => severity === "error");
    if (errors.length > 0) return errors;
  }
  return [];
}
