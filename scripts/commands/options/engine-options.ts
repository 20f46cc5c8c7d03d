import { Option } from "commander";
import { ENGINE_NAMES, ENGINES } from "../../engines/registry.ts";
import { SOURCE_FLAGS, SOURCES } from "../../sources/registry.ts";

/** The flags of a command that works with an engine; those of sources are read by `sourceFlagsOf`. */
export interface EngineFlags {
  /** An engine's name; detected if undefined. */
  engine?: string;
  /** A source's name; detected if undefined. */
  source?: string;
}

/** The options that choose an engine and a source, as their registries list them. */
export function engineOptions(): Option[] {
  return [
    engineOption(),
    new Option("--source <name>", "the source of outcomes (default: detected)").choices(
      SOURCES.map(({ name }) => name),
    ),
    ...SOURCE_FLAGS.map(({ name, value, summary }) => new Option(`--${name} <${value}>`, summary)),
  ];
}

/** The option that chooses an engine. */
export function engineOption(): Option {
  return new Option("--engine <name>", "the engine that carries the split (default: detected)").choices(
    ENGINE_NAMES,
  );
}

/** The end of a help text: the engines and the sources. */
export function engineHelp(): string {
  const all = [...ENGINES, ...SOURCES];
  const width = Math.max(...all.map(({ name }) => name.length)) + 2;
  const listed = (each: readonly { name: string; summary: string }[]): string =>
    each.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`).join("\n");
  return `
Engines:
${listed(ENGINES)}
Sources:
${listed(SOURCES)}`;
}
