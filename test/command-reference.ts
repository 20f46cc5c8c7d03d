import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { kyc } from "../scripts/commands/testing/kyc-process.ts";
import { PROJECT } from "../scripts/project.ts";

/** The folder of the reference, relative to the project's folder. */
export const REFERENCE = "docs/commands";

/**
 * The reference of all commands, generated from their help: each file's name and content.
 * @throws {Error} if a command's help does not exit with 0
 */
export async function commandReference(): Promise<Map<string, string>> {
  const main = await help();
  const names = namesIn(main);
  const pages = await Promise.all(names.map(async (name) => [`${name}.md`, await page(name)] as const));
  const list = names.map((name) => `- [${name}](${name}.md)`).join("\n");
  const text = `# Commands\n\n${GENERATED}\n\n${block(main)}\n${list}\n`;
  return new Map([["README.md", text], ...pages]);
}

const GENERATED =
  "Written by `bun test/command-reference.ts` from the help of the commands, and held current by a test.";

async function page(name: string): Promise<string> {
  const own = await help(name);
  const parts = await Promise.all(
    namesIn(own).map(async (part) => `## kyc ${name} ${part}\n\n${block(await help(name, part))}`),
  );
  return [`# kyc ${name}\n\n${GENERATED}\n\n${block(own)}`, ...parts].join("\n");
}

/** The names under `Commands:` in a help text, except `help`. */
function namesIn(text: string): string[] {
  const [, listed = ""] = /^Commands:\n((?: {2}.*\n)+)/m.exec(text) ?? [];
  return [...listed.matchAll(/^ {2}([a-z][\w-]*)/gm)].flatMap(([, name = ""]) =>
    name === "help" ? [] : [name],
  );
}

const block = (text: string): string => `\`\`\`text\n${text.trimEnd()}\n\`\`\`\n`;

/** The help of a command as printed without a terminal, with lines of at most 100 columns. */
async function help(...names: string[]): Promise<string> {
  const { code, out } = await kyc(...names, "--help");
  if (code !== 0) throw new Error(`kyc ${names.join(" ")} --help ends with ${code}`);
  if (out.includes(PROJECT)) throw new Error(`kyc ${names.join(" ")} --help names a folder of this machine`);
  return out;
}

if (import.meta.main) {
  const folder = join(PROJECT, REFERENCE);
  const reference = await commandReference();
  await mkdir(folder, { recursive: true });
  for (const file of await readdir(folder)) if (!reference.has(file)) await rm(join(folder, file));
  for (const [file, text] of reference) await writeFile(join(folder, file), text);
}
