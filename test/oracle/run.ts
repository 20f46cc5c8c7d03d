import { Command } from "commander";
import fc from "fast-check";
import { writeFile } from "node:fs/promises";
import { count, ms } from "../../scripts/format.ts";
import { judgePair } from "./judge-pair.ts";
import { aPair, type Pair } from "./pairs.ts";
import { PROXIES, SERVICES } from "./sides.ts";
import { ISTIO, Pilot } from "./pilot.ts";

interface Options {
  pairs: number;
  seed: number;
  program?: string;
  show: number;
  record?: string;
  recordPairs: number;
}

const number = (text: string): number => Number.parseInt(text, 10);

const program = new Command("oracle")
  .description(
    "compares the verdicts of equal on generated pairs with the configuration that istiod generates for them",
  )
  .option("--pairs <n>", "the number of pairs", number, 3_000)
  .option("--seed <n>", "the seed of the generator", number, 1)
  .option("--program <file>", "a program built from pilot.go before")
  .option("--show <n>", "the maximum number of printed contradictions", number, 10)
  .option("--record <file>", "writes some pairs with istiod's verdict, for a replay without istiod")
  .option("--record-pairs <n>", "the number of recorded pairs", number, 60)
  .addHelpText(
    "after",
    `
Builds istiod's generators from ${ISTIO} unless --program is given. Exits with 1 if there is a contradiction.

Examples:
  bun test/oracle/run.ts --pairs 100 --seed 7
  bun test/oracle/run.ts --record test/oracle/fixtures/pairs.jsonl`,
  )
  .parse();

const options = program.opts<Options>();
await using pilot = await Pilot.start(options.program);
const started = performance.now();
const verdicts = new Map<string, number>();
const reasons = new Map<string, number>();
const wrong: { pair: Pair; what: string }[] = [];
const recorded: string[] = [];
const pairs = fc.sample(aPair, { seed: options.seed, numRuns: options.pairs });
for (const [i, pair] of pairs.entries()) {
  const a = await pilot.ask(pair.a, SERVICES, PROXIES);
  const b = await pilot.ask(pair.b, SERVICES, PROXIES);
  const judged = judgePair(pair, [a, b]);
  add(verdicts, `${judged.ours} | ${judged.pilot}`);
  for (const why of new Set(judged.why.map((text) => text.replace(/[ab][0-9]+\.yaml:[0-9]+/g, "FILE"))))
    if (judged.pilot !== "refused") add(reasons, `${judged.ours}: ${why.slice(0, 140)}`);
  if (judged.wrong !== undefined) wrong.push({ pair, what: judged.wrong });
  if (judged.pilot !== "refused" && judged.wrong === undefined && recorded.length < options.recordPairs)
    recorded.push(JSON.stringify({ ...pair, pilot: judged.pilot, ours: judged.ours }));
  if (i % 250 === 249)
    console.error(
      `${count(i + 1)} pairs, ${wrong.length} contradictions, ${ms(performance.now() - started)}`,
    );
}
for (const { pair, what } of wrong.slice(0, options.show))
  console.error(
    `\n${what}\n  made by: ${pair.made}\n  a: ${JSON.stringify(pair.a)}\n  b: ${JSON.stringify(pair.b)}`,
  );
console.log("| equal says | istiod | pairs |\n| --- | --- | --- |");
for (const [what, n] of sorted(verdicts)) console.log(`| ${what} | ${count(n)} |`);
console.log("\n| why not decided | pairs |\n| --- | --- |");
for (const [what, n] of sorted(reasons)) console.log(`| ${what} | ${count(n)} |`);
console.log(
  `\n${count(pairs.length)} pairs, ${wrong.length} contradictions, ${ms(performance.now() - started)}`,
);
if (options.record !== undefined) await writeFile(options.record, `${recorded.join("\n")}\n`);
process.exitCode = wrong.length > 0 ? 1 : 0;

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function sorted(counts: ReadonlyMap<string, number>): [string, number][] {
  return [...counts].sort(([, a], [, b]) => b - a).slice(0, 25);
}
