import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { PROJECT } from "../project.ts";
import { buildProgram } from "./program.ts";

/** The platforms of a release, each with Bun's name for it and that of its file. */
const TARGETS = [
  { target: "bun-linux-x64-baseline", file: "kyc-linux-x64" },
  { target: "bun-linux-arm64", file: "kyc-linux-arm64" },
  { target: "bun-darwin-x64", file: "kyc-darwin-x64" },
  { target: "bun-darwin-arm64", file: "kyc-darwin-arm64" },
  { target: "bun-windows-x64-baseline", file: "kyc-windows-x64.exe" },
] as const;

const { out, only } = new Command("compile")
  .description("makes kyc one program for each platform, with Bun inside, and writes their checksums")
  .option("--out <folder>", "where the programs are written", join(PROJECT, "dist"))
  .option(
    "--only <file>",
    `one of ${TARGETS.map(({ file }) => file).join(", ")}, made by this machine's own Bun`,
  )
  .addHelpText(
    "after",
    `
Examples:
  bun scripts/release/compile.ts                          all platforms, into dist/
  bun scripts/release/compile.ts --only kyc-linux-x64     without downloading another platform's Bun`,
  )
  .parse()
  .opts<{ out: string; only?: string }>();

const wanted = TARGETS.filter(({ file }) => only === undefined || file === only);
if (wanted.length === 0) throw new Error(`--only ${only}: there is no such program`);
await mkdir(out, { recursive: true });
const sums: string[] = [];
for (const { target, file } of wanted) {
  const outfile = join(out, file);
  await buildProgram({ outfile, ...(only === undefined && { target }) });
  const bytes = await Bun.file(outfile).bytes();
  sums.push(`${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}  ${file}\n`);
  console.error(`${file}: ${(bytes.length / 1e6).toFixed(0)} MB`);
}
await writeFile(join(out, "SHA256SUMS"), sums.join(""));
