import type { Static, TObject, TSchema } from "@sinclair/typebox";
import { FormatRegistry, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { t } from "elysia";
import { DNS_LABEL } from "./telemetry/revision.ts";

/** The environment, passed as a parameter instead of reading `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** One mistake in the environment. `wrong` continues a sentence that begins with the name. */
export interface Mistake {
  readonly name: string;
  readonly wrong: string;
  readonly expected: string;
}

/** All mistakes in the environment at once; `message` is for stderr. */
export class ConfigError extends Error {
  override name = "ConfigError";

  readonly mistakes: readonly Mistake[];

  constructor(service: string, mistakes: readonly Mistake[]) {
    const count = mistakes.length === 1 ? "1 mistake" : `${mistakes.length} mistakes`;
    const lines = mistakes.map(({ name, wrong, expected }) => `  ${name} ${wrong}; expected ${expected}`);
    super([`${service} cannot start: ${count} in its environment`, ...lines].join("\n"));
    this.mistakes = mistakes;
  }
}

const HTTP_ORIGIN = "http-origin";
FormatRegistry.Set(HTTP_ORIGIN, (text) => originMistake(text) === undefined);

/**
 * A whole number in the environment, from `from` to `to` inclusive. Uses TypeBox's own integer, because Elysia's accepts a
 * string with digits.
 */
export const wholeNumber = (options: { from: number; to: number; default: number }) =>
  Type.Integer({
    minimum: options.from,
    maximum: options.to,
    default: options.default,
    description: `a whole number from ${options.from} to ${options.to}`,
  });

/** The address of another service: only scheme, host and port. */
export const httpOrigin = () =>
  t.String({ format: HTTP_ORIGIN, description: "an absolute http or https URL without user, path or query" });

/** The settings that every service reads. `service` is the default name, for a process that Knative does not run. */
export const serviceSettings = (service: string) => ({
  PORT: wholeNumber({ from: 1, to: 65_535, default: 8080 }),
  HOST: t.String({
    pattern: "^[0-9A-Za-z.:-]+$",
    default: "0.0.0.0",
    description: "an address to listen on",
  }),
  K_SERVICE: label(service),
  K_REVISION: label("local"),
  K_CONFIGURATION: label(service),
  DRAIN_MS: wholeNumber({ from: 0, to: 600_000, default: 10_000 }),
});

/** The parsed settings of every service. */
export type ServiceSettings = Static<TObject<ReturnType<typeof serviceSettings>>>;

/** EX_CONFIG of sysexits.h: the configuration is invalid, so a restart does not help. */
const EXIT_CONFIG = 78;

/** Reads the configuration at startup. On a mistake, reports it on stderr and ends the process. */
export function configured<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    return refuseToStart(error);
  }
}

/**
 * Ends the process because of an invalid configuration, and reports the mistake on stderr.
 * @throws any other error
 */
export function refuseToStart(error: unknown): never {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exit(EXIT_CONFIG);
}

/**
 * Reads the environment according to `schema` and returns it frozen.
 * An empty value counts as missing. `explain` gives a better message for a mistake in one variable.
 * @throws {ConfigError} with all mistakes, in the schema's order
 */
export function readConfig<T extends TObject>(
  service: string,
  schema: T,
  env: Environment,
  explain: Readonly<Record<string, (text: string) => string>> = {},
): Readonly<Static<T>> {
  const values: Record<string, unknown> = {};
  const mistakes: Mistake[] = [];
  for (const [name, property] of Object.entries(schema.properties)) {
    const text = env[name] || undefined;
    const value: unknown = text === undefined ? property.default : decode(property, text);
    if (value !== undefined && Value.Check(property, value)) {
      values[name] = value;
      continue;
    }
    const wrong = text === undefined ? "is not set" : (explain[name]?.(text) ?? `is ${quote(text)}`);
    mistakes.push({ name, wrong, expected: property.description ?? "another value" });
  }
  if (mistakes.length > 0 || !Value.Check(schema, values)) throw new ConfigError(service, mistakes);
  return Object.freeze(values);
}

/**
 * Why `text` is not the address of a service, or undefined if it is one. The text is not repeated, because it may contain
 * a password.
 */
export function originMistake(text: string): string | undefined {
  if (!URL.canParse(text)) return "is not an absolute URL";
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:") return "is neither http nor https";
  if (url.username !== "" || url.password !== "") return "carries a user or a password";
  if (text.includes("?")) return "has a query";
  if (text.includes("#")) return "has a fragment";
  if (url.pathname !== "/") return "has a path";
  return undefined;
}

/** A value for messages: quoted, and truncated if it is long. */
export const quote = (text: string): string =>
  JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);

function label(fallback: string) {
  return t.String({ pattern: DNS_LABEL, default: fallback, description: "a name as Knative gives it" });
}

function decode(schema: TSchema, text: string): unknown {
  return schema.type === "integer" && /^\d{1,15}$/.test(text) ? Number(text) : text;
}
