import { expect, test } from "bun:test";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { PROJECT } from "../scripts/project.ts";
import { commandReference, REFERENCE } from "./command-reference.ts";

test("docs/commands matches the help of the commands; `bun test/command-reference.ts` updates it", async () => {
  const folder = join(PROJECT, REFERENCE);
  const files = await readdir(folder);
  const written = await Promise.all(
    files.map(async (file) => [file, await readFile(join(folder, file), "utf8")]),
  );
  const reference = await commandReference();
  expect(reference.size).toBeGreaterThan(15);
  expect(Object.fromEntries(written)).toEqual(Object.fromEntries(reference));
}, 300_000);
