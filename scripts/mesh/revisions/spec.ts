import { readdir, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import type { Container } from "../../manifests/kinds/knative-service.ts";
import { DEV_FILE } from "../../manifests/folders.ts";
import { generatedValue, type Secret, valuesToGenerate } from "../../manifests/kinds/secret.ts";
import type { Problem } from "../../manifests/problem.ts";
import type { Sourced } from "../../manifests/resources.ts";
import { didYouMean, nearest } from "../../nearest.ts";
import type { Revision } from "../../traffic/compile/service-plan.ts";
import { containerCommand, type ContainerRuntime } from "./container.ts";
import { type DevConfig, type LocalProgram, programOf, withoutTag } from "./dev-config.ts";
import { type Scaling, scalingOf } from "./scaling.ts";

/** A revision as it runs on this machine. */
export interface RevisionSpec {
  /** `namespace/name`. */
  key: string;
  name: string;
  service: string;
  /** The command line of a process, and its working directory. `$(PORT)` in it is replaced by its port. */
  command: readonly string[];
  cwd: string;
  /** The port that the program always listens on; undefined if it listens on PORT. */
  port: number | undefined;
  /** The environment variables of the manifest. */
  env: Readonly<Record<string, string>>;
  /** The variables that Knative sets; empty for a Deployment. */
  knativeEnv: Readonly<Record<string, string>>;
  /** The path that answers 200 when the revision is ready; without one an open port is sufficient, as in Knative. */
  readinessPath: string | undefined;
  /** The time limit of a request; infinity for a Deployment, which has no such limit. */
  timeoutMs: number;
  scaling: Scaling;
  /** Equal for equal templates; a revision whose fingerprint changes is restarted. */
  fingerprint: string;
}

// Knative's own default (config-defaults, revision-timeout-seconds).
const DEFAULT_TIMEOUT_SECONDS = 300;

const NO_CONFIG: DevConfig = { file: {}, programs: new Map(), problems: [] };

/**
 * Runs the command in its arguments and ends with its exit code. Started by Bun with `--no-orphans`, it ends the
 * command when the local mesh has ended. A text, because a compiled program has no file that another process can
 * read.
 */
const RUN_COMMAND = [
  "--eval",
  `const [, ...command] = process.argv;
const child = Bun.spawn(command, { stdio: ["ignore", "inherit", "inherit"] });
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => child.kill(signal));
process.exitCode = await child.exited;`,
];

/**
 * Finds the program of each revision: the entry of its image in `dev.yaml`, or else `functions/NAME/main.ts` for an
 * image `…/NAME:TAG`, or else the image itself, unless its name looks misspelt.
 * @param root the folder that contains `functions`
 * @param secrets the sources of variables' values
 * @param findRuntime finds a container runtime
 */
export async function revisionSpecs(
  root: string,
  revisions: readonly Revision[],
  secrets: readonly Sourced<Secret>[] = [],
  config: DevConfig = NO_CONFIG,
  findRuntime: () => Promise<ContainerRuntime | undefined> = async () => undefined,
): Promise<{ specs: RevisionSpec[]; problems: Problem[] }> {
  const specs: RevisionSpec[] = [];
  const problems: Problem[] = [];
  for (const revision of revisions) {
    const { replicas, template } = revision;
    const { containers, timeoutSeconds = DEFAULT_TIMEOUT_SECONDS } = template.spec;
    const [container] = containers;
    if (container === undefined || replicas === 0) continue;
    const name = imageName(container.image);
    const entry = join(config.functions ?? join(root, "functions"), name, "main.ts");
    const local = programOf(container.image, config);
    const { env, missing } = environment(revision, container, secrets);
    let command = local === undefined ? [entry] : [...RUN_COMMAND, ...local.command];
    if (local === undefined && !(await isFile(entry))) {
      const { problem, isMistyped } = await noProgram(root, revision, container.image, config);
      const runtime = isMistyped ? undefined : await findRuntime();
      if (runtime === undefined) problems.push(problem);
      else command = [...RUN_COMMAND, ...containerCommand(runtime, container.image, env)];
    }
    const taken = local?.port === undefined ? undefined : specs.find(({ port }) => port === local.port);
    if (taken !== undefined) problems.push(portTaken(revision, taken));
    problems.push(...missing);
    specs.push({
      key: `${revision.namespace}/${revision.name}`,
      name: revision.name,
      service: revision.service,
      command: ofBun(command),
      cwd: local?.cwd ?? root,
      port: local?.port,
      env: { ...env, ...local?.env },
      knativeEnv: replicas === undefined ? ofKnative(revision) : {},
      readinessPath: container.readinessProbe?.httpGet.path,
      timeoutMs: replicas === undefined ? timeoutSeconds * 1000 : Number.POSITIVE_INFINITY,
      scaling: scalingFor(revision, local),
      fingerprint: JSON.stringify([revision.template, env, local ?? command]),
    });
  }
  return { specs, problems };
}

/** The variables that Knative sets itself. */
function ofKnative({ name, service }: Revision): Record<string, string> {
  return { K_SERVICE: service, K_REVISION: name, K_CONFIGURATION: service };
}

/** The values of generated Secrets, by namespace, name and key: constant for the lifetime of this process. */
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

/** Returns the last part of an image's name: `checkout` for `dev.local/shop/checkout:1`. */
function imageName(image: string): string {
  return (image.split("/").at(-1) ?? "").replace(/[@:].*$/, "");
}

// The processes end with the mesh, even if it is killed.
function ofBun(command: readonly string[]): string[] {
  return [process.execPath, "--no-orphans", ...command];
}

/** A program with a fixed port can run only once. */
function scalingFor({ template, replicas }: Revision, local: LocalProgram | undefined): Scaling {
  const scaling = scalingOf(template);
  // One process represents all pods of a Deployment.
  if (replicas !== undefined) return { ...scaling, min: 1, max: 1, initial: 1, activation: 1 };
  if (local?.port === undefined) return scaling;
  const { min, max, initial, activation } = scaling;
  const once = (count: number): number => Math.min(count, 1);
  return { ...scaling, min: once(min), max: once(max), initial: once(initial), activation: once(activation) };
}

function portTaken(revision: Revision, { name, port }: RevisionSpec): Problem {
  return {
    code: "port-taken",
    severity: "error",
    at: revision.at,
    field: "spec.template.spec.containers[0].image",
    message: `${revision.name} and ${name} both listen on port ${port} of this machine, by ${DEV_FILE}`,
    fix: `let the program listen on PORT, write $(PORT) into its command, or give each image a port of its own`,
  };
}

async function noProgram(
  root: string,
  revision: Revision,
  image: string,
  config: DevConfig,
): Promise<{ problem: Problem; isMistyped: boolean }> {
  const known: string[] = [];
  const functions = config.functions ?? join(root, "functions");
  for (const folder of await readdir(functions).catch(() => [])) {
    if (await isFile(join(functions, folder, "main.ts"))) known.push(folder);
  }
  const name = imageName(image);
  const missing = relative(root, join(functions, name, "main.ts"));
  const isEntry = nearest(withoutTag(image), config.programs.keys()) !== undefined;
  const problem: Problem = {
    code: "program-missing",
    severity: "error",
    at: revision.at,
    field: "spec.template.spec.containers[0].image",
    message: `the program of ${image} on this machine is ${missing}, and that file does not exist; ${DEV_FILE} has no command for the image`,
    fix: isEntry
      ? didYouMean(withoutTag(image), config.programs.keys())
      : known.length > 0
        ? didYouMean(name, known)
        : `write into ${DEV_FILE}: images: {${withoutTag(image)}: {command: [PROGRAM, ARGUMENT]}}, or start Docker or Podman`,
  };
  return { problem, isMistyped: isEntry || nearest(name, known) !== undefined };
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true;
}
