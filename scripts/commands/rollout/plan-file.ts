import { readFile } from "node:fs/promises";
import { type Command, InvalidArgumentError, type Option } from "commander";
import { EXIT, Failure } from "../../exit.ts";
import { parseDocuments } from "../../manifests/document.ts";
import { formatProblem, InvalidManifests } from "../../manifests/problem.ts";
import { RolloutFile } from "../../manifests/rollout-file.ts";
import { validate } from "../../manifests/validate.ts";
import { printMessage } from "../../text/print.ts";

/**
 * Sets the flags of a rollout that are not on the command line from a file, and reports differences.
 * @param named the service on the command line
 * @returns the service
 * @throws InvalidManifests, Failure
 */
export async function applyRolloutFile(
  command: Command,
  path: string,
  named: string | undefined,
): Promise<string> {
  const text = await readFile(path, "utf8").catch(() => {
    throw new Failure(`${path} cannot be read: there is no such file`, EXIT.usage);
  });
  const { documents, problems } = parseDocuments(path, text);
  const [document, second] = documents;
  if (problems.length > 0) throw new InvalidManifests(problems);
  if (document === undefined) throw new Failure(`${path} is empty: service and to are needed`, EXIT.usage);
  if (second !== undefined) throw new Failure(`${path} has several documents; a rollout is one`, EXIT.usage);
  const { value, problems: invalid } = validate(RolloutFile, document);
  if (value === undefined || invalid.length > 0) throw new InvalidManifests(invalid);
  const { service, ...fields } = value;
  if (named !== undefined && named !== service)
    throw new Failure(`${path} is about ${service}, and not about ${named}`, EXIT.usage);
  for (const [name, written] of Object.entries(fields)) {
    const option = command.options.find((each) => each.attributeName() === name);
    if (option === undefined) throw new Error(`rollout has no option for the field ${name}`);
    const inFile = valueOf(option, written, () => formatProblem({ ...at(name), code: "wrong-value" }));
    const source = command.getOptionValueSource(name);
    if (source !== "cli") command.setOptionValueWithSource(name, inFile, "config");
    else if (JSON.stringify(command.getOptionValue(name)) !== JSON.stringify(inFile))
      printMessage(`${option.long} on the command line goes before ${path}, which has ${shown(written)}`);
  }
  return service;

  function at(name: string) {
    const { means, fix } = {
      means: "the value is not one that the flag takes",
      fix: "see ./kyc rollout --help",
    };
    if (document === undefined) throw new Error("the document was read");
    return { severity: "error" as const, at: document.at([name]), field: name, message: means, fix };
  }
}

/** The value of an option as the command line gives it. */
function valueOf(option: Option, written: unknown, problem: () => string): unknown {
  if (typeof written === "boolean") return written;
  const isRepeated = Array.isArray(written) && written.every((item) => typeof item === "string");
  const texts = isRepeated ? written : [Array.isArray(written) ? written.join(",") : String(written)];
  const { parseArg, argChoices } = option;
  try {
    if (argChoices !== undefined && texts.some((text) => !argChoices.includes(text)))
      throw new InvalidArgumentError(`Known are ${argChoices.join(", ")}.`);
    if (parseArg === undefined) return texts[0];
    let value: unknown = option.defaultValue;
    for (const text of texts) value = parseArg(text, value);
    return value;
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new Failure(`${problem()}: ${error.message}`, EXIT.usage);
  }
}

function shown(written: unknown): string {
  return Array.isArray(written) ? written.join(",") : String(written);
}
