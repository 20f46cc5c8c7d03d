import { readFile, stat, writeFile } from "node:fs/promises";
import { Command, Option } from "commander";
import { dirname, join } from "node:path";
import { EXIT, Failure } from "../../exit.ts";
import { ROLLOUT_FOLDER } from "../../manifests/folders.ts";
import type { Finding } from "../../lint/finding.ts";
import { defaultPaths, existing, inFolder, type ReadPaths, readPaths, STANDARD_INPUT } from "./read-paths.ts";
import { versions } from "../../project.ts";
import { dirOption } from "../options/place-options.ts";
import { print, printMessage, printRaw } from "../../text/print.ts";
import { OUTPUT_FORMATS, printData } from "../../text/data.ts";

const FORMATS = [...OUTPUT_FORMATS, "sarif", "github"] as const;

interface LintFlags {
  fix: boolean;
  list: boolean;
  dir: string;
  output?: (typeof FORMATS)[number];
}

// A fix can enable another one; this bounds the rounds.
const MOST_ROUNDS = 10;

/** `kyc lint`: finds mistakes in the files of Knative and Istio. */
export function lintCommand(): Command {
  return new Command("lint")
    .description("finds mistakes that Istio and Knative accept without an error")
    .argument(
      "[path...]",
      "files, folders, kustomizations, or - for standard input (default: knative/, istio/ and rollouts/ of --dir)",
    )
    .option(
      "--fix",
      "applies the repairs that provably change no request's route; shows the others as a patch",
      false,
    )
    .option("--list", "lists the problem codes, with their meaning and how to fix them", false)
    .addOption(dirOption())
    .addOption(
      new Option(
        "-o, --output <format>",
        "the findings as data, as a SARIF 2.1.0 log or as GitHub Actions annotations",
      ).choices(FORMATS),
    )
    .addHelpText(
      "after",
      `
Examples:
  ./kyc lint                          knative/ and istio/, as they are deployed
  ./kyc lint istio/strict next/v3     other folders
  ./kyc lint --fix my-routes.yaml     apply the repairs that change nothing for any request
  kubectl get vs -A -o yaml | ./kyc lint -
  ./kyc lint --list                   all problem codes
  ./kyc lint -o json
  ./kyc lint -o sarif > lint.sarif    for code scanning, such as GitHub's upload-sarif
  ./kyc lint -o github                annotations on the lines of a pull request

Objects that the files refer to are looked up in knative/ and istio/common. Exit codes: 0 no errors, 1 errors found,
2 nothing to read or wrong usage.`,
    )
    .action(async (paths: string[], flags: LintFlags) => {
      process.exitCode = await runLint(paths, flags);
    });
}

async function runLint(paths: string[], flags: LintFlags): Promise<number> {
  if (flags.list) return list(flags);
  const given =
    paths.length > 0
      ? paths
      : [...(await defaultPaths(flags.dir)), ...(await existing([inFolder(flags.dir, ROLLOUT_FOLDER)]))];
  if (flags.fix && given.includes("-"))
    throw new Failure("--fix edits files; standard input cannot be edited", EXIT.usage);
  let read = await readForLint(given, flags.dir);
  printMessage(readCount(read.own));
  if (read.own.files.length === 0)
    throw new Failure(
      `No YAML or JSON file was found in ${given.join(", ")}, so nothing was checked`,
      EXIT.usage,
    );
  let findings = await findingsOf(read);
  let made = 0;
  let unproven = 0;
  for (let round = 0; flags.fix && round < MOST_ROUNDS; round++) {
    const now = await repair(findings, read);
    unproven = now.unproven;
    if (now.made === 0) break;
    made += now.made;
    read = await readForLint(given, flags.dir);
    findings = await findingsOf(read);
  }
  if (made > 0) printMessage(`${made} ${made === 1 ? "field" : "fields"} repaired`);
  if (unproven > 0)
    printMessage(
      `${unproven} ${unproven === 1 ? "field was" : "fields were"} not changed: equal cannot prove that the change keeps the meaning of the file`,
    );
  await report(findings, flags.output);
  if (flags.fix && flags.output === undefined) {
    const diffs = await proposedDiffs(findings);
    if (diffs !== "") print(`\nnot applied, because it changes the routes of requests:\n\n${diffs}`);
  }
  return findings.some(({ severity }) => severity === "error") ? EXIT.failed : EXIT.ok;
}

async function report(findings: readonly Finding[], format: LintFlags["output"]): Promise<void> {
  if (format === undefined) {
    const { drawFindings } = await import("../../terminal/draw-findings.ts");
    const { styleFor } = await import("../../terminal/style.ts");
    print(drawFindings(findings, styleFor(process.stdout)).join("\n"));
  } else if (format === "sarif") {
    const { sarifLog } = await import("../../lint/reports/sarif.ts");
    await printData(sarifLog(findings, { ...(await places()), version: versions().kyc }), "json");
  } else if (format === "github") {
    const { githubAnnotations } = await import("../../lint/reports/github-annotations.ts");
    for (const line of githubAnnotations(findings, await places())) printRaw(line);
  } else
    await printData(
      findings.map(({ repairs, proposals: _, ...rest }) => ({ ...rest, fixable: repairs.length > 0 })),
      format,
    );
}

/** The folder that findings name files from, and the top of the repository, or that folder if there is none. */
async function places(): Promise<{ root: string; here: string }> {
  const here = process.cwd();
  for (let folder = here; ; folder = dirname(folder)) {
    if (await stat(join(folder, ".git")).catch(() => undefined)) return { root: folder, here };
    if (dirname(folder) === folder) return { root: here, here };
  }
}

/** The files to check, and those that they may refer to. */
interface LintFiles {
  own: ReadPaths;
  around: ReadPaths;
}

async function readForLint(paths: readonly string[], folder: string): Promise<LintFiles> {
  const { readFileDocuments } = await import("../../manifests/file-documents.ts");
  const opened = new Map<string, ReturnType<typeof readFileDocuments>>();
  const own = await readPaths(paths, once);
  const lenders = await existing(["knative", "istio/common"].map((name) => inFolder(folder, name)));
  return { own, around: await readPaths(lenders, once) };

  /** A file in both lists is read once. */
  function once(path: string, file: string): ReturnType<typeof readFileDocuments> {
    const found = opened.get(path) ?? readFileDocuments(path, file);
    opened.set(path, found);
    return found;
  }
}

async function findingsOf({ own, around }: LintFiles): Promise<Finding[]> {
  const [{ lint }, { findingOf }] = await Promise.all([
    import("../../lint/lint.ts"),
    import("../../lint/finding.ts"),
  ]);
  // Objects from standard input or a built kustomization have no file to edit.
  const files = new Set(own.files.filter((file) => file !== STANDARD_INPUT));
  const found = lint(own.documents, around.documents).map((finding) =>
    files.has(finding.at.file) ? finding : { ...finding, repairs: [], proposals: [] },
  );
  return [...own.problems.map(findingOf), ...found];
}

/** The findings in files, which may refer to knative/ and istio/common/ of a folder. */
export async function findIn(paths: readonly string[], folder: string): Promise<Finding[]> {
  return findingsOf(await readForLint(paths, folder));
}

function readCount({ files, documents }: ReadPaths): string {
  const [f, o] = [files.length, documents.length];
  return `read ${f} ${f === 1 ? "file" : "files"} with ${o} ${o === 1 ? "object" : "objects"}`;
}

/** Makes the edits that provably keep the meaning of their file, and counts the others. */
async function repair(
  findings: readonly Finding[],
  { own, around }: LintFiles,
): Promise<{ made: number; unproven: number }> {
  const { provenRepairs } = await import("../../lint/proven-repairs.ts");
  const byFile = Map.groupBy(
    findings.flatMap(({ repairs }) => repairs),
    ({ document }) => document.file,
  );
  const total = { made: 0, unproven: 0 };
  for (const [file, repairs] of byFile) {
    const before = await readFile(file, "utf8");
    const beside = [...own.documents.filter((document) => document.file !== file), ...around.documents];
    const { text, made, unproven } = provenRepairs(file, before, repairs, beside);
    total.made += made;
    total.unproven += unproven;
    if (text !== before) await writeFile(file, text);
  }
  return total;
}

/** The proposed edits that were not made, as one patch for `patch -p1` and `git apply`. */
async function proposedDiffs(findings: readonly Finding[]): Promise<string> {
  const [{ createTwoFilesPatch, FILE_HEADERS_ONLY }, { repaired }] = await Promise.all([
    import("diff"),
    import("../../lint/repair.ts"),
  ]);
  const byFile = Map.groupBy(
    findings.flatMap(({ repairs, proposals }) => [...repairs, ...proposals]),
    ({ document }) => document.file,
  );
  let patch = "";
  for (const [file, repairs] of byFile) {
    const before = await readFile(file, "utf8");
    const { text: after } = repaired(before, repairs);
    if (after === before) continue;
    patch += createTwoFilesPatch(`a/${file}`, `b/${file}`, before, after, undefined, undefined, {
      context: 2,
      headerOptions: FILE_HEADERS_ONLY,
    });
  }
  return patch.trimEnd();
}

async function list({ output }: LintFlags): Promise<number> {
  if (output === "sarif" || output === "github")
    throw new Failure(`-o ${output} reports findings, and --list has none; write -o json`, EXIT.usage);
  const { CODES } = await import("../../manifests/codes/codes.ts");
  const codes = Object.entries(CODES).map(([code, { severity, inLint, means, fix }]) => {
    return { code, severity: inLint ?? severity, means, fix };
  });
  if (output !== undefined) await printData(codes, output);
  else {
    const { drawCodes } = await import("../../terminal/draw-findings.ts");
    const { styleFor } = await import("../../terminal/style.ts");
    print(drawCodes(codes, styleFor(process.stdout)).join("\n"));
  }
  return EXIT.ok;
}
