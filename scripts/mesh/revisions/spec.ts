import { readdir, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import type { Container } from "../../manifests/kinds/knative-service.ts";
import { generatedValue, type Secret, valuesToGenerate } from "../../manifests/kinds/secret.ts";
import type { Problem } from "../../manifests/problem.ts";
import type { Sourced } from "../../manifests/resources.ts";
import { didYouMean } from "../../nearest.ts";
import type { Revision } from "../../traffic/compile/knative.ts";
import { type Scaling, scalingOf } from "./scaling.ts";

/** A revision as it runs on this machine. */
export interface RevisionSpec {
  /** `namespace/name`. */
  key: string;
  name: string;
  service: string;
  /** The program, a TypeScript file, and its working directory. */
  entry: string;
  cwd: string;
  /** The environment variables of the manifest. */
  env: Readonly<Record<string, string>>;
  /** The path that answers 200 when the revision is ready; without one an open port is enough, as in Knative. */
  readinessPath: string | undefined;
  timeoutMs: number;
  scaling: Scaling;
  /** Equal for equal templates; a revision whose fingerprint changes is restarted. */
  fingerprint: string;
}

// Knative's own default (config-defaults, revision-timeout-seconds).
const DEFAULT_TIMEOUT_SECONDS = 300;

/**
 * Finds the program of each revision: an image `…/NAME:TAG` is `functions/NAME/main.ts` here.
 * @param root the folder that holds `functions`
 * @param secrets those that variables may have their values from
 */
export async function revisionSpecs(
  root: string,
  revisions: readonly Revision[],
  secrets: readonly Sourced<Secret>[] = [],
): Promise<{ specs: RevisionSpec[]; problems: Problem[] }> {
  const specs: RevisionSpec[] = [];
  const problems: Problem[] = [];
  for (const revision of revisions) {
    const { containers, timeoutSeconds = DEFAULT_TIMEOUT_SECONDS } = revision.template.spec;
    const [container] = containers;
    if (container === undefined) continue;
    const name = imageName(container.image);
    const entry = join(root, "functions", name, "main.ts");
    if (!(await isFile(entry))) problems.push(await noProgram(root, revision, container.image, name));
    const { env, missing } = environment(revision, container, secrets);
    problems.push(...missing);
    specs.push({
      key: `${revision.namespace}/${revision.name}`,
      name: revision.name,
      service: revision.service,
      entry,
      cwd: root,
      env,
      readinessPath: container.readinessProbe?.httpGet.path,
      timeoutMs: timeoutSeconds * 1000,
      scaling: scalingOf(revision.template),
      fingerprint: JSON.stringify([revision.template, env]),
    });
  }
  return { specs, problems };
}

/** The values of generated Secrets, by namespace, name and key: the same as long as this process runs. */
const generated = new Map<string, string>();

function environment(
  revision: Revision,
  { env = [] }: Container,
  secrets: readonly Sourced<Secret>[],
): { env: Record<string, string>; missing: Problem[] } {
  const missing: Problem[] = [];
  const values = env.flatMap(({ name, value = "", valueFrom }, i): [string, string][] => {
    if (valueFrom === undefined) return [[name, value]];
    const { secretKeyRef } = valueFrom;
    if (secretKeyRef === undefined) return [];
    const secret = valueOf(secretKeyRef, revision.namespace, secrets);
    if (secret !== undefined) return [[name, secret]];
    if (secretKeyRef.optional !== true)
      missing.push({
        code: "value-missing",
        severity: "error",
        at: revision.at,
        field: `spec.template.spec.containers[0].env[${i}].valueFrom.secretKeyRef`,
        message: `no file has a Secret ${revision.namespace}/${secretKeyRef.name} with the value ${secretKeyRef.key}`,
        fix: "add the Secret, or write optional: true",
      });
    return [];
  });
  return { env: Object.fromEntries(values), missing };
}

function valueOf(
  { name, key }: { name: string; key: string },
  namespace: string,
  secrets: readonly Sourced<Secret>[],
): string | undefined {
  const secret = secrets.find(
    ({ value: { metadata } }) => metadata.name === name && (metadata.namespace ?? "default") === namespace,
  )?.value;
  const written = secret?.stringData?.[key];
  if (written !== undefined) return written;
  const encoded = secret?.data?.[key];
  if (encoded !== undefined) return Buffer.from(encoded, "base64").toString();
  if (!valuesToGenerate(secret?.metadata.annotations).includes(key)) return undefined;
  const place = `${namespace}/${name}/${key}`;
  const value = generated.get(place) ?? generatedValue();
  generated.set(place, value);
  return value;
}

/** The last part of an image's name: `credit-check` of `dev.local/kyc/credit-check:1`. */
function imageName(image: string): string {
  return (image.split("/").at(-1) ?? "").replace(/[@:].*$/, "");
}

async function noProgram(root: string, revision: Revision, image: string, name: string): Promise<Problem> {
  const known: string[] = [];
  for (const folder of await readdir(join(root, "functions")).catch(() => [])) {
    if (await isFile(join(root, "functions", folder, "main.ts"))) known.push(folder);
  }
  const missing = relative(root, join(root, "functions", name, "main.ts"));
  return {
    code: "program-missing",
    severity: "error",
    at: revision.at,
    field: "spec.template.spec.containers[0].image",
    message: `the program of ${image} on this machine is ${missing}, and that file does not exist`,
    fix: didYouMean(name, known),
  };
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true;
}
