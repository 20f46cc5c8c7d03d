import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { manifestsFolder } from "../../manifests/folders.ts";
import { type PlaceFlag, setInvocation } from "../../text/command-lines.ts";

/** The option for the folder of the manifests. {@link completePlace} sets its default. */
export function dirOption(): Option {
  return new Option(
    "--dir <folder>",
    "the folder with knative/ and istio/ (default: the nearest at or above this one)",
  ).env("KYC_DIR");
}

/** The option for a namespace. {@link completePlace} sets its default. */
export function namespaceOption(): Option {
  return new Option("-n, --namespace <name>", "a namespace of the cluster (default: the one in the files)");
}

/**
 * Completes the place of a command before it runs: `--dir` becomes an absolute path, and `--namespace` the namespace of the
 * files. Messages with a next command repeat the given flags.
 */
export async function completePlace(command: Command): Promise<void> {
  const place: [PlaceFlag, string][] = [];
  let folder = manifestsFolder();
  const chain = commandAndParents(command);
  for (const each of chain) {
    if (!has(each, "dir")) continue;
    const given: unknown = each.getOptionValue("dir");
    if (typeof given === "string") folder = resolve(given);
    if (each.getOptionValueSource("dir") === "cli") place.push(["--dir", String(given)]);
    each.setOptionValueWithSource("dir", folder, each.getOptionValueSource("dir") ?? "config");
  }
  for (const each of chain) {
    for (const name of ["context", "namespace", "engine"] as const)
      if (has(each, name) && each.getOptionValueSource(name) === "cli")
        place.push([`--${name}`, String(each.getOptionValue(name))]);
    if (!has(each, "namespace") || each.getOptionValue("namespace") !== undefined) continue;
    const { namespaceOfFiles } = await import("../../manifests/namespace-of-files.ts");
    each.setOptionValueWithSource("namespace", await namespaceOfFiles(folder, serviceOf(command)), "config");
  }
  setInvocation({ place });
}

function commandAndParents(command: Command): Command[] {
  return command.parent === null ? [command] : [command, ...commandAndParents(command.parent)];
}

function has(command: Command, name: string): boolean {
  return command.options.some((option) => option.attributeName() === name);
}

/** The service that a command is about. */
function serviceOf(command: Command): string | undefined {
  return command.registeredArguments[0]?.name() === "service" ? command.args[0] : undefined;
}
