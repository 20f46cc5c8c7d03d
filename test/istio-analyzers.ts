import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Command } from "commander";
import { lint } from "../scripts/lint/lint.ts";
import { parseDocuments } from "../scripts/manifests/document.ts";
import { isRecord } from "../scripts/schema/value.ts";
import { print } from "../scripts/text/print.ts";

/** A case of Istio's own test of its analyzers. */
interface AnalyzerCase {
  name: string;
  files: string[];
  analyzer: string;
  /** Messages with their objects, as in `ConflictingGateways Gateway alpha`. */
  expected: string[];
}

const program = new Command("istio-analyzers")
  .description("prints the findings of Istio's analyzers and of lint in the test data of the analyzers")
  .argument("<folder>", "pkg/config/analysis/analyzers/testdata of the Go module istio.io/istio")
  .option("--only <part>", "cases whose analyzer's name contains this", "")
  .addHelpText(
    "after",
    `
Example:
  bun test/istio-analyzers.ts "$(go mod download -json istio.io/istio@VERSION | jq -r .Dir)/pkg/config/analysis/analyzers/testdata"

The expected messages are those of analyzers_test.go beside the folder. For each case: the messages of Istio, marked
with <, and the codes of lint, marked with >, each with the object.`,
  )
  .action(run);

await program.parseAsync();

async function run(folder: string, { only }: { only: string }): Promise<void> {
  const source = await readFile(join(dirname(folder), "analyzers_test.go"), "utf8");
  const cases = casesIn(source).filter(({ analyzer }) => analyzer.includes(only));
  for (const { name, files, analyzer, expected } of cases) {
    print(`${analyzer}: ${name} (${files.map((file) => basename(file)).join(", ")})`);
    for (const message of expected) print(`  < ${message}`);
    for (const finding of await findingsIn(files.map((file) => join(dirname(folder), file))))
      print(`  > ${finding}`);
  }
  print(`${cases.length} cases`);
}

/** The cases of the table in the Go source. */
function casesIn(source: string): AnalyzerCase[] {
  const table = source.slice(
    source.indexOf("var testGrid"),
    source.indexOf("\n}\n", source.indexOf("var testGrid")),
  );
  return table.split(/^\t\{$/m).flatMap((text): AnalyzerCase[] => {
    const name = /name:\s+"([^"]*)"/.exec(text)?.[1];
    const analyzer = /analyzer:\s+&?([\w.]+)/.exec(text)?.[1];
    if (name === undefined || analyzer === undefined) return [];
    const files = [...text.matchAll(/"(testdata\/[^"]+\.ya?ml)"/g)].flatMap(([, file]) => file ?? []);
    const expected = [...text.matchAll(/\{msg\.(\w+), "([^"]*)"\}/g)].map(
      (found) => `${found[1]} ${found[2]}`,
    );
    return [{ name, files, analyzer, expected }];
  });
}

async function findingsIn(files: readonly string[]): Promise<string[]> {
  const read = await Promise.all(
    files.map(async (file) => parseDocuments(file, await readFile(file, "utf8"))),
  );
  const documents = read.flatMap((one) => one.documents);
  const findings = lint(documents, []).map(({ code, severity, at, field, message }) => {
    const about = documents.findLast(
      (document) => document.file === at.file && document.at([]).line <= at.line,
    );
    return `${severity} ${code} ${nameOf(about?.value)}: ${field} ${message}`;
  });
  return [
    ...read.flatMap(({ problems }) => problems.map(({ code, message }) => `error ${code}: ${message}`)),
    ...findings,
  ];
}

function nameOf(value: unknown): string {
  if (!isRecord(value) || !isRecord(value["metadata"])) return "";
  const { name, namespace } = value["metadata"];
  return `${String(value["kind"])} ${namespace === undefined ? "" : `${String(namespace)}/`}${String(name)}`;
}
