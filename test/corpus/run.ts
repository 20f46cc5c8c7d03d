import { Command } from "commander";
import { duration } from "../../scripts/commands/options/option-values.ts";
import { count, digits, ms } from "../../scripts/format.ts";
import { lint } from "../../scripts/lint/lint.ts";
import { countOfMutants, type Mutant } from "./mutants.ts";
import {
  type CorpusFile,
  judge,
  type Judged,
  type MutantTally,
  mutantsIn,
  readCorpus,
  tallyMutant,
  withoutNames,
} from "./corpus.ts";

interface Options {
  limit: number;
  mutants: boolean;
  verbose: boolean;
  output?: "json";
}

const program = new Command("corpus")
  .description("compares each YAML file of folders with itself, and with itself after each possible change")
  .argument("<folder...>", "folders with YAML files, searched to any depth")
  .option(
    "--limit <time>",
    "the time limit for the mutants; the remaining ones are counted",
    duration,
    300_000,
  )
  .option("--no-mutants", "compares each file with itself only")
  .option("--verbose", "a line for each file that is not equal to itself", false)
  .option("-o, --output <format>", "json: the figures as data")
  .addHelpText(
    "after",
    `
Examples:
  bun test/corpus/run.ts "$(go mod download -json istio.io/istio@VERSION | jq -r .Dir)/samples"
  bun test/corpus/run.ts --limit 30s --verbose ~/manifests

Each mutant that is called equal needs a reason in test/corpus/reasons.ts. Exits with 1 if one has none, or after an
exception.`,
  )
  .parse();

const options = program.opts<Options>();
const started = performance.now();
const tally: MutantTally = { verdicts: {}, harmless: new Map(), unknown: new Map(), unexplained: [] };
const own = new Map<string, { file: CorpusFile; judged: Judged; took: number; lint: string }>();
let unreadable = 0;
for (const folder of program.args) {
  const corpus = readCorpus(folder);
  unreadable += corpus.unreadable.length;
  for (const name of corpus.unreadable) if (options.verbose) console.error(`not valid YAML  ${name}`);
  for (const file of corpus.files) {
    const before = performance.now();
    const judged = judge(file.documents.flat(), file.documents.flat());
    const took = performance.now() - before;
    if (options.verbose && judged.verdict !== "equal")
      console.error(`${judged.verdict}  ${file.name}: ${[...new Set(judged.why)].join("; ").slice(0, 400)}`);
    own.set(`${folder}/${file.name}`, { file, judged, took, lint: lintVerdict(file) });
  }
}
const { tried, left } = options.mutants ? tryMutants() : { tried: 0, left: 0 };
report();
const isThrown = [...own.values()].some(({ judged }) => judged.verdict === "thrown");
process.exitCode = tally.unexplained.length > 0 || isThrown ? 1 : 0;

/** One mutant of each file in turn, so that a limit affects all files equally. */
function tryMutants(): { tried: number; left: number } {
  let tried = 0;
  const open: { file: CorpusFile; mutants: Generator<Mutant> }[] = [...own.values()].flatMap(
    ({ file, judged }) => (judged.verdict === "equal" ? [{ file, mutants: mutantsIn(file) }] : []),
  );
  while (open.length > 0) {
    for (const each of [...open]) {
      const { done, value } = each.mutants.next();
      if (done === true) open.splice(open.indexOf(each), 1);
      else {
        if (performance.now() - started > options.limit) {
          const all = [...own.values()].filter(({ judged }) => judged.verdict === "equal");
          const total = all.reduce((sum, { file }) => sum + countOfMutants(file.objects), 0);
          return { tried, left: total - tried };
        }
        tallyMutant(each.file, value, tally);
        tried++;
      }
    }
  }
  return { tried, left: 0 };
}

function lintVerdict({ documents }: CorpusFile): string {
  try {
    const severities = lint(documents.flat(), []).map(({ severity }) => severity);
    if (severities.includes("error")) return "errors";
    return severities.length > 0 ? "warnings" : "nothing found";
  } catch {
    return "thrown";
  }
}

function report(): void {
  const all = [...own.values()];
  const verdicts = countBy(all.map(({ judged }) => judged.verdict));
  const linted = countBy(all.map((one) => one.lint));
  const reasons = countBy(
    all.flatMap(({ judged }) =>
      [...new Set(judged.why.map(withoutNames))].map((why) => `${judged.verdict}: ${why}`),
    ),
  );
  const took = all.map((one) => one.took).sort((a, b) => a - b);
  const memory = process.resourceUsage().maxRSS / 1024;
  if (options.output === "json") {
    const harmless = Object.fromEntries(tally.harmless);
    const { verdicts, unexplained } = tally;
    const unknown = Object.fromEntries(tally.unknown);
    const mutants = { tried, left, verdicts, harmless, unknown, unexplained };
    console.log(JSON.stringify({ files: all.length, unreadable, verdicts, lint: linted, reasons, mutants }));
    return;
  }
  console.log(`${all.length} files with routes or Knative Services; ${unreadable} are not valid YAML\n`);
  table("compared with itself", verdicts, all.length);
  table("lint", linted, all.length);
  if (Object.keys(reasons).length > 0) table("why not equal to itself", reasons, all.length);
  if (tried > 0) {
    table("mutants", tally.verdicts, tried);
    table("why a mutant is equal", Object.fromEntries(tally.harmless), tally.verdicts["equal"] ?? 0);
    table("why a mutant is unknown", Object.fromEntries(tally.unknown), tally.verdicts["unknown"] ?? 0);
    if (left > 0) console.log(`${count(left)} mutants were left when the time was up\n`);
  }
  for (const line of tally.unexplained) console.log(`FAILED  ${line}`);
  const at = (part: number): string => ms(took[Math.floor(part * (took.length - 1))] ?? 0);
  console.log(
    `a comparison takes ${at(0.5)} (median) to ${at(1)}; ${ms(performance.now() - started)} in all, ${digits(memory)} MB at most`,
  );
}

function countBy(keys: readonly string[]): Record<string, number> {
  const counts = [...Map.groupBy(keys, (key) => key)].map(([key, { length }]) => [key, length] as const);
  return Object.fromEntries(counts.sort(([, a], [, b]) => b - a));
}

function table(title: string, counts: Readonly<Record<string, number>>, of: number): void {
  console.log(`| ${title} | number | share |\n| --- | --- | --- |`);
  for (const [what, n] of Object.entries(counts).sort(([, a], [, b]) => b - a))
    console.log(`| ${what} | ${count(n)} | ${digits((n / Math.max(of, 1)) * 100)} % |`);
  console.log("");
}
