import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { PROJECT } from "../scripts/project.ts";
import { JSON_SCHEMAS, jsonSchemaText } from "./json-schemas.ts";

test.each(Object.entries(JSON_SCHEMAS))(
  "%s is the schema by which the file is read; `bun test/json-schemas.ts` writes it",
  async (path, schema) => {
    expect(await readFile(join(PROJECT, path), "utf8")).toBe(jsonSchemaText(schema));
  },
);
