import type { Location, ServiceContext } from "../cluster/kube/service-context.ts";
import { UsageError } from "../cluster/user-error.ts";
import { csv } from "./csv/csv.ts";
import { mesh } from "./mesh/mesh.ts";
import { pods } from "./pods/pods.ts";
import { queueProxy } from "./queue-proxy/queue-proxy.ts";
import { envoy } from "./envoy/envoy.ts";
import { prometheus } from "./prometheus/prometheus.ts";
import type { OutcomeSource, SourceDefinition, SourceFlag, SourceFlags } from "./source.ts";

/** Every source, in the order of detection. */
export const SOURCES: readonly SourceDefinition[] = [mesh, pods, queueProxy, envoy, prometheus, csv];

/** The options that choose or describe a source. */
export const SOURCE_FLAGS: readonly SourceFlag[] = SOURCES.flatMap(({ flags }) => flags);

/** The options of sources among those of a command. */
export function sourceFlagsOf(given: object): SourceFlags {
  const names = new Set(SOURCE_FLAGS.map(({ name }) => name));
  const texts = Object.entries(given).flatMap(([key, value]): [string, string][] => {
    const name = optionName(key);
    return names.has(name) && typeof value === "string" ? [[name, value]] : [];
  });
  return Object.fromEntries(texts);
}

export interface ChooseSourceOptions {
  /** The location of the engine whose requests are reported. */
  location: Location;
  /** A source's name. @default the one whose options were given, else the first that has something to read */
  name?: string | undefined;
  flags: SourceFlags;
}

/**
 * Opens the source of a service's outcomes.
 * @throws UsageError if none fits, if options of two sources are given, or if the source cannot be opened
 */
export async function openSource(
  context: ServiceContext,
  { location, name, flags }: ChooseSourceOptions,
): Promise<OutcomeSource> {
  const named = definitionFor(name, flags);
  if (named === undefined) {
    const here = SOURCES.filter((each) => each.locations.includes(location) && each.applies !== undefined);
    for (const definition of here)
      if (await definition.applies?.(context)) return definition.open(context, flags);
    // If nothing runs yet, nothing can be detected, and the first source waits.
    const [first] = here;
    if (first !== undefined) return first.open(context, flags);
    throw new UsageError(`No source reports the outcomes of ${context.service}: ${SOURCE_ADVICE}`);
  }
  if (!named.locations.includes(location)) throw new UsageError(wrongPlace(named, location));
  return named.open(context, flags);
}

/** Returns the source of a name. @throws UsageError if there is none */
export function sourceNamed(name: string): SourceDefinition {
  const found = SOURCES.find((definition) => definition.name === name);
  if (found !== undefined) return found;
  throw new UsageError(
    `There is no source ${name}: known are ${SOURCES.map((each) => each.name).join(", ")}.`,
  );
}

function definitionFor(name: string | undefined, flags: SourceFlags): SourceDefinition | undefined {
  const byFlag = SOURCES.filter((definition) => definition.flags.some((flag) => flag.name in flags));
  const chosen = name === undefined ? byFlag[0] : sourceNamed(name);
  const other = byFlag.find((definition) => definition !== chosen);
  if (chosen === undefined || other === undefined) return chosen;
  const flag = other.flags.find((each) => each.name in flags)?.name ?? "";
  throw new UsageError(
    `--${flag} is an option of source ${other.name}, and source ${chosen.name} is chosen: give one of them.`,
  );
}

function wrongPlace({ name }: SourceDefinition, location: Location): string {
  const others = SOURCES.filter(({ locations }) => locations.includes(location)).map((each) => each.name);
  const where = location === "machine" ? "on this machine" : "on a cluster";
  return `Source ${name} does not report the requests of an engine ${where}: these do: ${others.join(", ")}.`;
}

const SOURCE_ADVICE = `give one by ${SOURCE_FLAGS.map(({ name }) => `--${name}`).join(" or ")}.`;

/** As commander keeps an option's value: `prometheusToken` for `--prometheus-token`. */
function optionName(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
