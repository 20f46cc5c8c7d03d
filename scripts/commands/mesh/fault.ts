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
    .description("makes one revision of the local mesh fail or answer late, without changing a file")
    .argument("[service]", "the Knative Service, as credit-check")
    .argument("[revision]", "its revision, by name or by tag")
    .option(
      "--error <percent>",
      "answers this share of the requests in place of the revision, as 5%",
      percent,
    )
    .option("--status <code>", "… with this status", statusCode, 503)
    .option("--delay <time>", "holds requests for so long first, as 200ms", delay)
    .option("--delayed <percent>", "… this share of them", percent, 100)
    .option("--clear", "takes the fault of the revision away, or those of the service, or all", false)
    .addOption(dirOption())
    .addOption(new Option("-o, --output <format>", "the faults that are on, as data").choices(OUTPUT_FORMATS))
    .addHelpText(
      "after",
      `
Examples:
  ./kyc fault credit-check advanced --error 5%                   5 in 100 requests get 503
  ./kyc fault credit-check advanced --error 5% --delay 200ms     and all wait a fifth of a second
  ./kyc fault                                                    what is on, as YAML
  ./kyc fault credit-check advanced --clear                      that one off
  ./kyc fault --clear                                            all off

A fault is a field of a VirtualService's rule, and in Istio a rule has one for all its destinations. One revision of a
split can only have a fault of its own by a hop of its own: a VirtualService at the revision's own host, which is what
is shown. The local mesh asks it last, whichever client sends the request. It is kept in memory: no file changes, and
it ends with ./kyc dev.`,
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
    throw new Failure(error.message);
  }
}

async function tell(
  state: FaultsState,
  change: FaultChange | undefined,
  { output }: FaultFlags,
): Promise<void> {
  if (output !== undefined) return await printData(state, output);
  if (state.yaml !== "") printRaw(state.yaml.trimEnd());
  if (state.faults.length === 0) printMessage("No fault is on.");
  else if (change !== undefined && "set" in change) {
    printMessage("This is in force until ./kyc fault --clear, or the end of ./kyc dev.");
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
    if (isSet) throw new Failure("--clear takes a fault away: leave out --error and --delay.", EXIT.usage);
    return {
      clear: { ...(service !== undefined && { service }), ...(revision !== undefined && { revision }) },
    };
  }
  if (service === undefined && !isSet) return undefined;
  if (service === undefined || revision === undefined) {
    throw new Failure(
      "Name the service and the revision: ./kyc fault credit-check advanced --error 5%",
      EXIT.usage,
    );
  }
  if (!isSet) {
    const example = `./kyc fault ${service} ${revision} --error 5% --delay 200ms`;
    throw new Failure(`Say what is wrong with it, or --clear: ${example}`, EXIT.usage);
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
