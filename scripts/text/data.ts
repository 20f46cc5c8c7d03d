import { printRaw } from "./print.ts";

/** The formats in which a command prints its result as data. */
export const OUTPUT_FORMATS = ["json", "yaml"] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** Prints a result as data. YAML is quoted so that parsers of YAML 1.1 and 1.2 read the same value. */
export async function printData(value: unknown, format: OutputFormat): Promise<void> {
  printRaw(format === "json" ? JSON.stringify(value, undefined, 2) : (await yamlWriter())(value));
}

/** Makes a function that prints each of many results as data: a line of JSON, or a YAML document. */
export async function dataPrinter(format: OutputFormat): Promise<(value: unknown) => void> {
  if (format === "json") return (value) => printRaw(JSON.stringify(value));
  const toYaml = await yamlWriter();
  return (value) => printRaw(`---\n${toYaml(value)}`);
}

async function yamlWriter(): Promise<(value: unknown) => string> {
  const { stringify } = await import("yaml");
  return (value) => {
    // Values that JSON omits are omitted in YAML too.
    const plain: unknown = JSON.parse(JSON.stringify(value ?? null));
    return stringify(plain, { version: "1.1", lineWidth: 0, aliasDuplicateObjects: false }).trimEnd();
  };
}
