import { InvalidManifests, type Problem } from "../manifests/problem.ts";
import { readFileDocuments } from "../manifests/file-documents.ts";
import { readDocuments } from "../manifests/read.ts";
import { collectResources, type Resources } from "../manifests/resources.ts";
import type { ValidateOptions } from "../manifests/validate.ts";
import { manifestFolders } from "../manifests/folders.ts";
import { CompileMemory, compilePlan, type Plan } from "../traffic/compile/compile.ts";
import { type DevConfig, type DevFile, readDevConfig } from "./revisions/dev-config.ts";
import { LOCAL_DOMAIN } from "../traffic/hosts.ts";
import type { Certificate } from "./gateways/local-authority.ts";
import { userCertificates } from "./gateways/user-certificates.ts";
import type { Reading } from "./manifest-files.ts";
import { containerRuntime } from "./revisions/container.ts";
import { type RevisionSpec, revisionSpecs } from "./revisions/spec.ts";

/** A valid configuration, ready to run. */
export interface Configuration {
  resources: Resources;
  plan: Plan;
  specs: RevisionSpec[];
  /** The content of `dev.yaml`. */
  dev: DevFile;
  /** The user's certificates, by their names in Gateways. */
  certificates: ReadonlyMap<string, Certificate>;
  warnings: Problem[];
}

/**
 * Reads and checks the whole configuration.
 * @param options.reading reads the files; by default each file is read anew
 * @throws InvalidManifests with all errors of the first stage (reading, routing, programs) that has any
 */
export async function loadConfiguration(
  root: string,
  options: ValidateOptions & { reading?: Pick<Reading, "documents" | "open"> } = {},
  memory = new CompileMemory(),
): Promise<Configuration> {
  const { reading } = options;
  const read = await (reading?.documents() ?? readDocuments(root, manifestFolders(root)));
  const { resources, problems: invalid } = collectResources(read.documents, options);
  const problems = [...read.problems, ...invalid];
  const compiled = compilePlan(resources, LOCAL_DOMAIN, memory);
  const dev: DevConfig = await readDevConfig(root, reading?.open ?? readFileDocuments);
  const { specs, problems: unrunnable } = await revisionSpecs(
    root,
    compiled.plan.services.flatMap(({ revisions }) => revisions),
    resources.secrets,
    dev,
    () => containerRuntime(),
  );
  const { certificates, problems: refused } = await userCertificates(root, resources, dev.file);
  const all = [...problems, ...compiled.problems, ...dev.problems, ...unrunnable, ...refused];
  // A field that cannot be read makes references to it fail too; those errors would only distract.
  const errors = firstKind(problems, compiled.problems, dev.problems, [...unrunnable, ...refused]);
  if (errors.length > 0) throw new InvalidManifests(errors);
  return { resources, plan: compiled.plan, specs, dev: dev.file, certificates, warnings: all };
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
