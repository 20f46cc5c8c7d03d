import { isDeepStrictEqual } from "node:util";
import { writeFile } from "node:fs/promises";
import { Command } from "commander";
import fc from "fast-check";
import { aCase, type Case } from "./commands.ts";
import { kycAnswer, knAnswer } from "./kyc-side.ts";
import { type Answer, KN, RealKn } from "./real-kn.ts";

interface Options {
  cases: number;
  seed: number;
  record?: string;
}

const PER_KIND = 6;
const TAKEN = 60;

const number = (text: string): number => Number.parseInt(text, 10);

const options = new Command("kn")
  .description(
    "runs the same commands with this project's split and the real kn, and prints the differences of their results",
  )
  .option("--cases <n>", "the number of cases", number, 10_000)
  .option("--seed <n>", "the seed of the generator", number, 1)
  .option("--record <file>", "writes some cases of each kind with kn's answers, for a replay without kn")
  .addHelpText(
    "after",
    `
Examples:
  bun test/kn/compare-with-kn.ts --cases 50000 --seed 7
  bun test/kn/compare-with-kn.ts --record test/kn/fixtures/answers.jsonl

Builds ${KN} with Go, which takes some minutes the first time. Exits with 1 when there is a difference.`,
  )
  .parse()
  .opts<Options>();

console.error(`building ${KN}`);
await using kn = await RealKn.build();
const cases = fc.sample(aCase, { numRuns: options.cases, seed: options.seed });
const answers = await kn.answers(cases);
const kinds = new Map<string, [Case, Answer][]>();
let different = 0;
for (const [i, each] of cases.entries()) {
  const answer = answers[i];
  if (answer === undefined) throw new Error(`kn has no answer to case ${i}: ${JSON.stringify(each)}`);
  const kind = kindOf(answer);
  kinds.set(kind, [...(kinds.get(kind) ?? []), [each, answer]]);
  const [wanted, got] = [knAnswer(answer), kycAnswer(each)];
  if (isDeepStrictEqual(wanted, got)) continue;
  different++;
  if (different <= 10) console.log(JSON.stringify({ of: each, kn: wanted, kyc: got }, undefined, 2));
}
console.log(`${cases.length} cases, ${kinds.size} kinds of answers, ${different} different`);
if (options.record !== undefined) {
  const some = [...kinds].flatMap(([kind, all]) => all.slice(0, kind === "traffic" ? TAKEN : PER_KIND));
  const lines = [{ kn: KN }, ...some.map(([of, answer]) => ({ of, answer }))];
  await writeFile(options.record, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  console.log(`${some.length} of them written to ${options.record}`);
}
process.exitCode = different === 0 ? 0 : 1;

/** A refusal's message without the given values. */
function kindOf({ refusal, webhook }: Answer): string {
  const sentence = refusal ?? webhook;
  if (sentence === undefined) return "traffic";
  return sentence
    .replace(/given .* to/s, "given to")
    .replace(/given .*=.*/s, "given")
    .replace(/"(?:[^"\\]|\\.)*"/g, "…")
    .replace(/(tag\(s\)|reference|untag|tag) (?:'[^']*'|\S*)/g, "$1 …")
    .replace(/\d+/g, "0");
}
