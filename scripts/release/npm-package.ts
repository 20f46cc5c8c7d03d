import { chmod, cp, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { description, license, name } from "../../package.json" with { type: "json" };
import { embeddedPageFiles } from "../mesh/admin/page-files.ts";
import { PROJECT, versions } from "../project.ts";

const { out } = new Command("npm-package")
  .description(
    "makes the npm package of kyc: one bundle, a launcher for each platform, and Bun as its only dependency",
  )
  .option("--out <folder>", "the folder of the package, which is replaced", join(PROJECT, "dist/npm"))
  .addHelpText(
    "after",
    `
Examples:
  bun scripts/release/npm-package.ts && npm pack ./dist/npm
  npx --package ./kyc-0.1.0.tgz kyc lint`,
  )
  .parse()
  .opts<{ out: string }>();

/** Runs under Node.js and starts the Bun that npm installed as a dependency. */
const LAUNCHER = `#!/usr/bin/env node
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const bun = dirname(require.resolve("bun/package.json"));
const platform = join(bun, "..", "@oven", \`bun-\${process.platform === "win32" ? "windows" : process.platform}-\${process.arch === "arm64" ? "aarch64" : process.arch}\`);
// If npm runs no install scripts, the program is in the package of the platform.
const program = [join(platform, "bin", process.platform === "win32" ? "bun.exe" : "bun"), join(bun, "bin", "bun.exe")].find(existsSync);
if (program === undefined) {
  console.error("kyc: npm installed no Bun for this platform; install Bun from https://bun.com, or take the program of the release");
  process.exit(1);
}
const main = join(dirname(fileURLToPath(import.meta.url)), "scripts", "kyc.js");
const env = { ...process.env, KYC_CALLED_AS: process.env.KYC_CALLED_AS ?? "kyc" };
// Ctrl-C in a terminal reaches both processes. Otherwise received signals are forwarded once.
const terminal = process.stdin.isTTY === true;
const options = { stdio: "inherit", env, detached: !terminal && process.platform !== "win32" };
const child = spawn(program, ["--no-env-file", main, ...process.argv.slice(2)], options);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
  process.on(signal, () => { if (!terminal || signal === "SIGTERM") child.kill(signal); });
child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
`;

await rm(out, { recursive: true, force: true });
await mkdir(join(out, "scripts"), { recursive: true });
await Bun.build({
  entrypoints: [join(PROJECT, "scripts/kyc.ts")],
  outdir: join(out, "scripts"),
  target: "bun",
  splitting: true,
  minify: { whitespace: true, syntax: true },
  // The live page is built once here, so that the package needs none of its sources.
  define: { KYC_PAGE_FILES: JSON.stringify(await embeddedPageFiles()) },
});
const { kyc: version, bun } = versions();
await writeFile(
  join(out, "package.json"),
  `${JSON.stringify(
    {
      name,
      version,
      description,
      license,
      type: "module",
      bin: { kyc: "kyc.mjs", "kubectl-kyc": "kyc.mjs", "kn-kyc": "kyc.mjs" },
      files: ["kyc.mjs", "scripts"],
      engines: { node: ">=18" },
      dependencies: { bun },
    },
    null,
    2,
  )}\n`,
);
await writeFile(join(out, "kyc.mjs"), LAUNCHER);
await chmod(join(out, "kyc.mjs"), 0o755);
for (const file of ["LICENSE", "README.md"]) await cp(join(PROJECT, file), join(out, file));
console.error(`${out}: kyc ${version}, with Bun ${bun}`);
