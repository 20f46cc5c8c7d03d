import { Command, InvalidArgumentError, Option } from "commander";
import { EXIT, Failure } from "../../exit.ts";
import type { Fault, FaultChange, FaultsState } from "../../mesh/faults/fault.ts";
import { dirOption } from "../options/place-options.ts";
import { duration } from "../options/option-values.ts";
import { printMessage, printRaw } from "../../text/print.ts";
import { OUTPUT_FORMATS, printData, type OutputFormat } from "../../text/data.ts";

interface FaultFlags {
  error?: number;
  status: number;
  delay?: number;
  delayed: number;
  clear: boolean;
  dir: string;
  output?: OutputFormat;
}

/** `kyc fault`: adds errors or delays to a revision of the running local mesh, and removes them. */
export function faultCommand(): Command {
  return new Command("fault")
    .description("makes a revision in the local mesh fail or respond late, without changing a file")
    .argument("[service]", "the Knative Service, such as checkout")
    .argument("[revision]", "the revision, by name or tag")
    .option("--error <percent>", "the percent of requests that fail, such as 5%", percent)
    .option("--status <code>", "with --error: the status of these requests", statusCode, 503)
    .option("--delay <time>", "delays requests by this time, such as 200ms", delay)
    .option("--delayed <percent>", "with --delay: the percent of requests that are delayed", percent, 100)
    .option("--clear", "removes the fault of the revision, those of the service, or all", false)
    .addOption(dirOption())
    .addOption(new Option("-o, --output <format>", "the active faults as data").choices(OUTPUT_FORMATS))
    .addHelpText(
      "after",
      `
Examples:
  ./kyc fault checkout v2 --error 5%                   5 % of requests get status 503
  ./kyc fault checkout v2 --error 5% --delay 200ms     and all requests are delayed by 200 ms
  ./kyc fault                                          shows the active faults, as YAML
  ./kyc fault checkout v2 --clear                      removes the faults of one revision
  ./kyc fault --clear                                  removes all faults

In Istio a fault belongs to a rule of a VirtualService and applies to all its destinations. A fault of one revision of a
split is therefore a VirtualService for the host of that revision, and is shown as such. It applies after all other
rules, to the requests of every client. It exists in memory only, and ends with ./kyc dev.`,
    )
    .action(runFault);
}

async function runFault(
  service: string | undefined,
  revision: string | undefined,
  flags: FaultFlags,
): Promise<void> {
  const change = changeOf(service, revision, flags);
  const { askFaults, FaultRequestError } = await import("../../mesh/admin/fault-client.ts");
  try {
    await tell(await askFaults(flags.dir, change), change, flags);
  } catch (error) {
    if (!(error instanceof FaultRequestError)) throw error;
    throw new Failure(error.message, error.refused ? EXIT.usage : EXIT.failed);
  }
}

async function tell(
  state: FaultsState,
  change: FaultChange | undefined,
  { output }: FaultFlags,
): Promise<void> {
  if (output !== undefined) return await printData(state, output);
  if (state.yaml !== "") printRaw(state.yaml.trimEnd());
  if (state.faults.length === 0) printMessage("No fault is active.");
  else if (change !== undefined && "set" in change) {
    printMessage("The faults are active until ./kyc fault --clear or the end of ./kyc dev.");
  }
}

/** The change in the arguments; undefined if they only ask for the current faults. */
function changeOf(
  service: string | undefined,
  revision: string | undefined,
  { error, status, delay, delayed, clear }: FaultFlags,
): FaultChange | undefined {
  const isSet = error !== undefined || delay !== undefined;
  if (clear) {
    if (isSet)
      throw new Failure(
        "--clear removes a fault: it cannot be combined with --error or --delay.",
        EXIT.usage,
      );
    return {
      clear: { ...(service !== undefined && { service }), ...(revision !== undefined && { revision }) },
    };
  }
  if (service === undefined && !isSet) return undefined;
  if (service === undefined || revision === undefined) {
    throw new Failure(
      "Name the service and the revision, for example: ./kyc fault checkout v2 --error 5%",
      EXIT.usage,
    );
  }
  if (!isSet) {
    const example = `./kyc fault ${service} ${revision} --error 5% --delay 200ms`;
    throw new Failure(`Add --error, --delay or --clear, for example: ${example}`, EXIT.usage);
  }
  const fault: Fault = {
    service,
    revision,
    ...(error !== undefined && { error: { percent: error, status } }),
    ...(delay !== undefined && { delay: { percent: delayed, ms: delay } }),
  };
  return { set: fault };
}

function percent(text: string): number {
  const [, number] = /^([0-9]+(?:\.[0-9]+)?) ?%?$/.exec(text) ?? [];
  const value = Number(number);
  if (!(value >= 0.0001 && value <= 100)) {
    throw new InvalidArgumentError("A percentage such as 5% is expected, from 0.0001 to 100.");
  }
  return value;
}

function statusCode(text: string): number {
  const status = Number(text);
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new InvalidArgumentError("A status from 200 to 599 is expected.");
  }
  return status;
}

/** Whole milliseconds, as the schema of a VirtualService has them. */
function delay(text: string): number {
  const ms = duration(text);
  if (!Number.isInteger(ms) || ms > 3_600_000) {
    throw new InvalidArgumentError("A time such as 200ms is expected, from 1ms to 1h.");
  }
  return ms;
}
