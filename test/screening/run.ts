import { parseArgs } from "node:util";
import { Type, type Static } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { compareNames, SAME_PERSON } from "../../functions/credit-check/screening/compare-names.ts";
import { readName } from "../../functions/credit-check/screening/name.ts";
import { jaroWinkler } from "../../functions/credit-check/screening/similarity.ts";

const HELP = `Measures the matching of personal names, compared with an exact match and Jaro-Winkler over the whole name.

Usage: bun test/screening/run.ts --pairs FILE [--misses]

  --pairs FILE   YAML: {checks: [{match: true, schema: Person, query: {name: …}, candidate: {name: …}}]}
  --misses       also prints the wrongly matched pairs
`;

const Person = Type.Record(Type.String(), Type.String());
const Pairs = Type.Object({
  checks: Type.Array(
    Type.Object({ match: Type.Boolean(), schema: Type.String(), query: Person, candidate: Person }),
  ),
});
type Pair = Static<typeof Pairs>["checks"][number];

const { values } = parseArgs({
  options: { pairs: { type: "string" }, misses: { type: "boolean" }, help: { type: "boolean" } },
});
if (values.help === true || values.pairs === undefined) {
  process.stdout.write(HELP);
  process.exit(values.help === true ? 0 : 2);
}
const parsed: unknown = Bun.YAML.parse(await Bun.file(values.pairs).text());
const persons = Value.Parse(Pairs, parsed).checks.filter(({ schema }) => schema === "Person");

const rules: Readonly<Record<string, (query: string, candidate: string) => boolean>> = {
  "this screening": (a, b) => compareNames(readName(a), readName(b)) >= SAME_PERSON,
  "Jaro-Winkler ≥ 0.9": (a, b) => jaroWinkler(plain(a), plain(b)) >= 0.9,
  "exact match": (a, b) => plain(a) === plain(b),
};

console.log(
  `${persons.length} pairs of persons, ${persons.filter(({ match }) => match).length} of them the same`,
);
console.log("rule                 precision  recall  F1");
for (const [name, matches] of Object.entries(rules)) {
  const said = persons.map((pair) => ({ pair, same: matches(nameOf(pair.query), nameOf(pair.candidate)) }));
  const right = said.filter(({ pair, same }) => same && pair.match).length;
  const precision = right / Math.max(1, said.filter(({ same }) => same).length);
  const recall = right / Math.max(1, persons.filter(({ match }) => match).length);
  const f1 = (2 * precision * recall) / (precision + recall);
  const figures = [precision, recall, f1].map((figure) => figure.toFixed(3));
  console.log(`${name.padEnd(20)} ${figures[0]?.padEnd(10)} ${figures[1]?.padEnd(7)} ${figures[2]}`);
  if (values.misses !== true || name !== "this screening") continue;
  for (const { pair, same } of said.filter(({ pair, same }) => same !== pair.match))
    console.log(`  ${same ? "wrongly same" : "missed"}: ${nameOf(pair.query)} | ${nameOf(pair.candidate)}`);
}

function nameOf({
  name,
  firstName = "",
  middleName = "",
  fatherName = "",
  lastName = "",
}: Pair["query"]): string {
  return name ?? [firstName, middleName, fatherName, lastName].filter((part) => part !== "").join(" ");
}

function plain(name: string): string {
  return name.normalize("NFC").toLowerCase().replaceAll(/\s+/g, " ").trim();
}
