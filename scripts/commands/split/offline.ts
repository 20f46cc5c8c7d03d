import { resolve } from "node:path";
import { stringify } from "yaml";
import { EXIT, Failure } from "../../exit.ts";
import { readServiceStates } from "../../engines/service-file.ts";
import { CannotWrite, UnknownService } from "../../traffic/split/split.ts";
import { computeTraffic } from "../../traffic/kn/compute.ts";
import { resolved, withDefaults } from "../../traffic/kn/target.ts";
import { unknownReferences } from "../../traffic/kn/unknown.ts";
import { webhookRefusal } from "../../traffic/kn/webhook.ts";
import { isChange, knFlagsOf, type SplitFlags } from "./flags.ts";
import { printRaw, printMessage } from "../../text/print.ts";
import { printData } from "../../text/data.ts";

/**
 * Prints the traffic block that kn would make from the one in a file. The existing revisions are unknown here, so a name
 * that the file does not have is accepted with a warning, as kn does.
 */
export async function splitOffline(service: string, flags: SplitFlags & { from: string }): Promise<void> {
  if (flags.undo) throw new Failure("--undo works on an engine, not on a file.", EXIT.usage);
  if (flags.by !== undefined)
    throw new Failure("--from computes Knative's percents: it cannot be combined with --by.", EXIT.usage);
  if (!isChange(flags)) throw new Failure("flag(s) not set\nUsage: update NAME");
  const states = await readServiceStates(resolve(flags.from), flags.from, service).catch((error: unknown) => {
    if (error instanceof UnknownService) throw new Failure(error.message, EXIT.usage);
    throw error instanceof CannotWrite ? new Failure(error.message) : error;
  });
  const last = states.at(-1);
  const latest = flags.latest ?? last?.latestReady ?? last?.template;
  const traffic = withDefaults(last?.traffic);
  // kn uses the status in the file, unless --latest names another revision.
  const isSoStill = last?.observed !== undefined && latest === last.latestReady;
  const observed = isSoStill ? withDefaults(last.observed) : resolved(traffic, latest);
  const named = [
    ...[...traffic, ...observed].map(({ revisionName }) => revisionName),
    ...states.map(({ template }) => template),
    latest,
  ];
  const revisions = [...new Set(named.filter((name) => name !== undefined))];
  const knFlags = knFlagsOf(flags);
  const result = computeTraffic({ service, traffic, observed, revisions, latest }, knFlags);
  if ("refusal" in result) throw new Failure(result.refusal);
  const refusal = webhookRefusal(result.traffic);
  if (refusal !== undefined) throw new Failure(refusal);
  if (!flags.allowMissing) {
    for (const sentence of unknownReferences(traffic, revisions, knFlags))
      printMessage(`warning: ${sentence}`);
  }
  if (flags.output !== undefined) await printData(result.traffic, flags.output);
  else printRaw(stringify({ traffic: result.traffic }).trimEnd());
}
