import { Command, Option } from "commander";
import { EXIT, Failure } from "../../exit.ts";
import { formatProblem } from "../../manifests/problem.ts";
import type { Resources } from "../../manifests/resources.ts";
import type { TrafficBlock } from "../../traffic/render/traffic-block.ts";
import type { Form } from "../../traffic/render/virtual-service.ts";
import { dirOption } from "../options/place-options.ts";
import { existing, inFolder, readPaths } from "./read-paths.ts";
import { printRaw, printMessage } from "../../text/print.ts";
import { OUTPUT_FORMATS, printData, type OutputFormat } from "../../text/data.ts";

interface VirtualServiceFlags {
  file: string[];
  service?: string;
  form: Form;
  host?: string;
  gateway: string[];
  latest?: string;
  services: boolean;
  output?: OutputFormat;
}

interface TrafficFlags {
  file: string[];
  with: string[];
  name?: string;
  splitOnly: boolean;
  dir: string;
  output?: OutputFormat;
}

const collect = (value: string, before: string[]): string[] => [...before, value];

/** `kyc render`: translates a split between Knative and Istio. */
export function renderCommand(): Command {
  return new Command("render")
    .description("translates a split between Knative's percents and Istio's weights")
    .addCommand(virtualServiceCommand())
    .addCommand(trafficCommand());
}

function virtualServiceCommand(): Command {
  return new Command("virtual-service")
    .description(
      "prints a VirtualService that routes requests as a Knative Service does, in the form that net-istio writes",
    )
    .requiredOption(
      "-f, --file <path>",
      "the Knative Service: a file with one or more states, a folder, or - for standard input",
      collect,
      [],
    )
    .option("--service <name>", "the Knative Service, if the files have several")
    .addOption(
      new Option("--form <form>", "the hosts of the destinations")
        .choices(["revisions", "tags"])
        .default("revisions"),
    )
    .option(
      "--host <host>",
      "the host of the VirtualService (default: NAME-split in the service's namespace)",
    )
    .option(
      "--gateway <name>",
      "a gateway (repeatable; default: mesh and Knative's local gateway)",
      collect,
      [],
    )
    .option(
      "--latest <revision>",
      "the revision to which latestRevision refers (default: that of the last template)",
    )
    .option("--no-services", "omits the Services that make the hosts resolve")
    .addOption(new Option("-o, --output <format>", "the result as data").choices(OUTPUT_FORMATS))
    .addHelpText(
      "after",
      `
Examples:
  ./kyc render virtual-service -f service.yaml
  ./kyc render virtual-service -f service.yaml --form tags | kubectl apply -f -
  ./kyc render virtual-service -f service.yaml --host shop.example.com --gateway shop/public --latest checkout-00003

Each tag has the host TAG-HOST. An annotation keeps what weights cannot express, such as latestRevision, so that
./kyc render traffic restores it. The rules do not follow the Knative Service: render them again when it changes;
./kyc equal checks whether they still match.`,
    )
    .action((flags: VirtualServiceFlags) => asFailure(() => runVirtualService(flags)));
}

function trafficCommand(): Command {
  return new Command("traffic")
    .description(
      "prints the traffic block of a Knative Service that routes requests as a VirtualService does",
    )
    .requiredOption(
      "-f, --file <path>",
      "the VirtualService: a file, a folder, or - for standard input",
      collect,
      [],
    )
    .option("--name <name>", "the VirtualService, if the files have several")
    .option(
      "--with <path>",
      "files of the Knative Service whose tags are used (repeatable; default: knative)",
      collect,
      [],
    )
    .addOption(dirOption())
    .option("--split-only", "uses only the rule for all requests, and reports what it omits", false)
    .addOption(new Option("-o, --output <format>", "the result as data").choices(OUTPUT_FORMATS))
    .addHelpText(
      "after",
      `
Examples:
  ./kyc render traffic -f virtual-service.yaml
  ./kyc render traffic -f istio/split/by-istio --split-only
  ./kyc render traffic -f virtual-service.yaml -o json

What a traffic block cannot express, such as a rule for one path, a timeout or a weight that is not a whole percent, is
an error unless --split-only is given.`,
    )
    .action((flags: TrafficFlags) => asFailure(() => runTraffic(flags)));
}

async function runVirtualService(flags: VirtualServiceFlags): Promise<void> {
  const [{ renderVirtualService, renderServices }, { readTrafficBlock }] = await Promise.all([
    import("../../traffic/render/virtual-service.ts"),
    import("../../traffic/render/traffic-block.ts"),
  ]);
  const { knativeServices } = await read(flags.file);
  const states = knativeServices.filter(
    ({ value }) => flags.service === undefined || value.metadata.name === flags.service,
  );
  const block = readTrafficBlock(states, flags.latest);
  const { form, host } = flags;
  const gateways = flags.gateway.length > 0 ? { gateways: flags.gateway } : {};
  const rendered = renderVirtualService(block, { form, host, ...gateways });
  const objects = [rendered, ...(flags.services ? renderServices(rendered) : [])];
  if (flags.output !== undefined) {
    const data = objects.length === 1 ? rendered : { apiVersion: "v1", kind: "List", items: objects };
    return await printData(data, flags.output);
  }
  const { stringify } = await import("yaml");
  printRaw(
    objects
      .map((object) => stringify(object, { lineWidth: 0, version: "1.1" }))
      .join("---\n")
      .trimEnd(),
  );
}

async function runTraffic(flags: TrafficFlags): Promise<void> {
  const { renderTraffic } = await import("../../traffic/render/traffic.ts");
  const { virtualServices, knativeServices } = await read(flags.file);
  const found = virtualServices.filter(
    ({ value }) => flags.name === undefined || value.metadata.name === flags.name,
  );
  const [source, second] = found;
  if (source === undefined || second !== undefined) {
    const names = virtualServices.map(({ value }) => value.metadata.name).join(", ") || "none";
    throw new Failure(
      `One VirtualService is needed, but these files have ${names}; choose one with --name`,
      EXIT.usage,
    );
  }
  const around = flags.with.length > 0 ? flags.with : await existing([inFolder(flags.dir, "knative")]);
  const known = await knownBlock([...knativeServices, ...(await read(around)).knativeServices], source.value);
  const { traffic, notes } = renderTraffic(source, { splitOnly: flags.splitOnly, known });
  for (const note of notes) printMessage(note);
  if (flags.output !== undefined) return await printData(traffic, flags.output);
  const { stringify } = await import("yaml");
  printRaw(stringify({ traffic }, { lineWidth: 0, version: "1.1" }).trimEnd());
}

/** The Knative Service whose tags a VirtualService names, if it is one of these. */
async function knownBlock(
  states: Resources["knativeServices"],
  virtualService: object,
): Promise<TrafficBlock | undefined> {
  const { readTrafficBlock, tagsOf } = await import("../../traffic/render/traffic-block.ts");
  const text = JSON.stringify(virtualService);
  const byName = Map.groupBy(states, ({ value }) => `${value.metadata.namespace} ${value.metadata.name}`);
  const blocks = [...byName.values()].map((of) => readTrafficBlock(of, "-"));
  return blocks.find((block) =>
    [...tagsOf(block).keys()].some((tag) => text.includes(`"${tag}-${block.service}.`)),
  );
}

async function read(paths: readonly string[]): Promise<Resources> {
  const [{ documents, problems }, { collectResources }, { sorted }] = await Promise.all([
    readPaths(paths),
    import("../../manifests/resources.ts"),
    import("../../traffic/equal/documents/object-kinds.ts"),
  ]);
  const collected = collectResources(sorted(documents).read);
  const errors = [...problems, ...collected.problems].filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new Failure(errors.map(formatProblem).join("\n"));
  return collected.resources;
}

async function asFailure(run: () => Promise<void>): Promise<void> {
  const { NotRendered } = await import("../../traffic/render/traffic-block.ts");
  try {
    await run();
  } catch (error) {
    throw error instanceof NotRendered ? new Failure(error.message) : error;
  }
}
