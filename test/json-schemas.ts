import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TSchema } from "typebox";
import { ChecksFile } from "../scripts/cluster/checks-file.ts";
import { RolloutFile } from "../scripts/manifests/rollout-file.ts";
import { DevFile } from "../scripts/mesh/revisions/dev-config.ts";
import { PROJECT } from "../scripts/project.ts";

/** The JSON Schemas of the files that users write, by path, for completion and validation in editors. */
export const JSON_SCHEMAS: Readonly<Record<string, TSchema>> = {
  "schemas/checks.schema.json": ChecksFile,
  "schemas/dev.schema.json": DevFile,
  "schemas/rollout.schema.json": RolloutFile,
};

// Notes for this tool's own messages, which are not part of JSON Schema.
const NOTES = new Set([
  "expected",
  "expectedKey",
  "unsupported",
  "refused",
  "filledIn",
  "onCluster",
  "mayLack",
]);

/** The content of a schema's file. */
export function jsonSchemaText(schema: TSchema): string {
  const plain = JSON.stringify(
    { $schema: "https://json-schema.org/draft/2020-12/schema", ...schema },
    (key, value: unknown) => (NOTES.has(key) ? undefined : value),
    2,
  );
  return `${plain}\n`;
}

if (import.meta.main) {
  await mkdir(join(PROJECT, "schemas"), { recursive: true });
  for (const [path, schema] of Object.entries(JSON_SCHEMAS))
    await writeFile(join(PROJECT, path), jsonSchemaText(schema));
}
