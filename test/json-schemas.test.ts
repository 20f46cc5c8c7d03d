import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { PROJECT } from "../scripts/project.ts";
import { JSON_SCHEMAS, jsonSchemaText } from "./json-schemas.ts";

test.each(Object.entries(JSON_SCHEMAS))(
  "%s matches the schema used for parsing; `bun test/json-schemas.ts` updates it",
  async (path, schema) => {
    expect(await readFile(join(PROJECT, path), "utf8")).toBe(jsonSchemaText(schema));
  },
);
