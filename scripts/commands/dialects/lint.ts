import { join } from "node:path";
import { readFile, writeFile } from "node:fs/promises";
import { Command, Option } from "commander";
import { EXIT } from "../../exit.ts";
import type { Finding } from "../../lint/finding.ts";
import { PROJECT } from "../../project.ts";
import { fromHere, readPaths } from "./read-paths.ts";
import { print, printMessage } from "../../text/print.ts";
import { OUTPUT_FORMATS, printData, type OutputFormat } from "../../text/data.ts";

interface LintFlags {
  fix: boolean;
  list: boolean;
  output?: OutputFormat;
}

// One repair can make room for another, but not endlessly.
const MOST_ROUNDS = 10;

/** `kyc lint`: the pitfalls of Knative beside Istio, found in the files. */
export function lintCommand(): Command {
  return new Command("lint")
    .description("finds what Istio and Knative take without a word and do otherwise than you think")
    .argument("[path...]", "files, folders or kustomizations (default: knative and istio)")
    .option(
      "--fix",
      "repairs in the files what can be repaired safely; the rest of them stays as it is",
      false,
    )
    .option("--list", "shows every problem code: what it means, and how to fix it", false)
    .addOption(new Option("-o, --output <format>", "the findings as data").choices(OUTPUT_FORMATS))
    .addHelpText(
      "after",
      `
Examples:
  ./kyc lint                          knative/ and istio/, as they are deployed
  ./kyc lint istio/strict next/v3     other folders
  ./kyc lint --fix my-routes.yaml     and repair what is safe
  ./kyc lint --list                   what is looked for, and why
  ./kyc lint -o json

What files only refer to is looked up in knative/ and istio/common. Exit codes: 0 nothing but warnings, 1 an error.
Whether sidecars have a change yet no file tells: ./kyc split and ./kyc rollout ask for that.`,
    )
    .action(async (paths: string[], flags: LintFlags) => {
      process.exitCode = await runLint(paths, flags);
    });
}

async function runLint(paths: string[], flags: LintFlags): Promise<number> {
  if (flags.list) return list(flags);
  const given = paths.length > 0 ? paths : ["knative", "istio"].map(inProject);
  let findings = await findIn(given);
  let made = 0;
  for (let round = 0; flags.fix && round < MOST_ROUNDS; round++) {
    const now = await repair(findings);
    if (now === 0) break;
    made += now;
    findings = await findIn(given);
  }
  const { drawFindings } = await import("../../terminal/draw-findings.ts");
  const { styleFor } = await import("../../terminal/style.ts");
  if (made > 0) printMessage(`${made} ${made === 1 ? "field" : "fields"} repaired`);
  if (flags.output !== undefined)
    await printData(
      findings.map(({ repairs, ...rest }) => ({ ...rest, fixable: repairs.length > 0 })),
      flags.output,
    );
  else print(drawFindings(findings, styleFor(process.stdout)).join("\n"));
  return findings.some(({ severity }) => severity === "error") ? EXIT.failed : EXIT.ok;
}

/** The findings in files, with what stands beside them in the project. */
export async function findIn(paths: readonly string[]): Promise<Finding[]> {
  const [{ lint }, { findingOf }] = await Promise.all([
    import("../../lint/lint.ts"),
    import("../../lint/finding.ts"),
  ]);
  const [own, around] = await Promise.all([
    readPaths(paths),
    readPaths(["knative", "istio/common"].map(inProject)),
  ]);
  return [...own.problems.map(findingOf), ...lint(own.documents, around.documents)];
}

async function repair(findings: readonly Finding[]): Promise<number> {
  const { repaired } = await import("../../lint/repair.ts");
  const byFile = Map.groupBy(
    findings.flatMap(({ repairs }) => repairs),
    ({ document }) => document.file,
  );
  let made = 0;
  for (const [file, repairs] of byFile) {
    const before = await readFile(file, "utf8");
    const after = repaired(before, repairs);
    if (after.text === before) continue;
    await writeFile(file, after.text);
    made += after.made;
  }
  return made;
}

async function list(flags: LintFlags): Promise<number> {
  const { CODES } = await import("../../manifests/codes/codes.ts");
  const codes = Object.entries(CODES).map(([code, { severity, inLint, means, fix }]) => {
    return { code, severity: inLint ?? severity, means, fix };
  });
  if (flags.output !== undefined) await printData(codes, flags.output);
  else {
    const { drawCodes } = await import("../../terminal/draw-findings.ts");
    const { styleFor } = await import("../../terminal/style.ts");
    print(drawCodes(codes, styleFor(process.stdout)).join("\n"));
  }
  return EXIT.ok;
}

const inProject = (path: string): string => fromHere(join(PROJECT, path));
