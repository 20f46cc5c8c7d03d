import { InvalidManifests, type Problem } from "../manifests/problem.ts";
import { type ReadOptions, readManifests } from "../manifests/read.ts";
import type { Resources } from "../manifests/resources.ts";
import type { ValidateOptions } from "../manifests/validate.ts";
import { CompileMemory, compilePlan, type Plan } from "../traffic/compile/compile.ts";
import { type RevisionSpec, revisionSpecs } from "./revisions/spec.ts";

/** The folders below the root that hold the manifests. The mesh reads no other. */
export const FOLDERS = ["knative", "istio"] as const;

/** The domain of public Knative Services on one machine. Browsers and curl resolve every name below it to loopback. */
export const LOCAL_DOMAIN = "localhost";

/** A valid configuration, ready to run. */
export interface Configuration {
  resources: Resources;
  plan: Plan;
  specs: RevisionSpec[];
  warnings: Problem[];
}

/**
 * Reads and checks the whole configuration.
 * @throws InvalidManifests with all errors of the first stage (reading, routing, programs) that has any
 */
export async function loadConfiguration(
  root: string,
  options: ValidateOptions & Pick<ReadOptions, "open"> = {},
  memory = new CompileMemory(),
): Promise<Configuration> {
  const { resources, problems } = await readManifests(root, FOLDERS, options);
  const compiled = compilePlan(resources, LOCAL_DOMAIN, memory);
  const { specs, problems: unrunnable } = await revisionSpecs(
    root,
    compiled.plan.services.flatMap(({ revisions }) => revisions),
    resources.secrets,
  );
  const all = [...problems, ...compiled.problems, ...unrunnable];
  // A field that cannot be read makes references to it fail too; those later errors would only distract.
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

/** The revisions that traffic targets name. */
export function routedRevisions({ plan }: Configuration): string[] {
  return plan.services.flatMap(({ namespace, traffic }) =>
    traffic.map(({ revision }) => `${namespace}/${revision}`),
  );
}
