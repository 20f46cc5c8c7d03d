import { Command } from "commander";
import fc from "fast-check";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { aCase, type Case, timeless } from "./cases.ts";
import { CORNERS, DOCUMENTED, taken } from "./corners.ts";
import { EnvoySide } from "./envoy-side.ts";
import { checkWeights } from "./weights.ts";
import { type Difference, differences, shrunk } from "./differ.ts";
import { commonManifests, hostOf, tableManifest } from "./manifests.ts";
import { LocalEchoes, MeshSide, tableOf } from "./mesh-side.ts";
import { REVISIONS } from "./echo-names.ts";

interface Options {
  tables: number;
  requests: number;
  seed: number;
  weights: number;
  shrink: number;
  image: string;
  context?: string;
  keep: boolean;
  record?: string;
}

const number = (text: string): number => Number.parseInt(text, 10);

const program = new Command("differential")
  .description(
    "sends the same requests to the local mesh and a real Istio, and prints the differences of their responses",
  )
  .option("--tables <n>", "the number of route tables", number, 300)
  .option("--requests <n>", "the number of requests to each", number, 50)
  .option("--seed <n>", "the seed of the generator", number, 1)
  .option("--weights <n>", "the number of further tables for checking shares, by chi-square", number, 24)
  .option("--shrink <n>", "the number of different differences to minimise", number, 5)
  .option(
    "--image <name>",
    "an image with Bun that the nodes have or can pull",
    "docker.io/oven/bun:1.4.5-slim",
  )
  .option("--context <name>", "the context of the kubeconfig (default: its current one)")
  .option("--keep", "keeps the namespace for the next run", false)
  .option("--record <file>", "writes the tables with Envoy's answers, for a replay without a cluster")
  .addHelpText(
    "after",
    `
Examples:
  bun test/differential/run.ts                                    300 tables, 50 requests each
  bun test/differential/run.ts --seed 7 --tables 20 --keep        a smaller run, with a faster next one
  bun test/differential/run.ts --tables 60 --requests 12 --record test/differential/fixtures/answers.jsonl

Works in the namespace differential, through the ingress gateway. Exits with 1 when there is a difference.`,
  )
  .parse();

const options = program.opts<Options>();
const started = performance.now();
const progress = (text: string): void =>
  console.error(`${((performance.now() - started) / 1000).toFixed(1)} s: ${text}`);

progress("starting the echoes");
await using envoy = await EnvoySide.open({
  context: options.context,
  image: options.image,
  keep: options.keep,
  program: await bundled("test/differential/echo.ts"),
});
using echoes = new LocalEchoes();
const sampled = fc.sample(aCase(options.requests), { seed: options.seed, numRuns: options.tables });
const cases = options.record === undefined ? sampled : sampled.map(timeless);
progress(`asking ${cases.length} tables ${options.requests} requests each`);
const { found, asked, answers } = await differences(cases, envoy, echoes, progress);
if (options.record !== undefined) await writeFile(options.record, `${recorded(cases, answers)}\n`);
const kinds = Map.groupBy(found, ({ what }) => kindOf(what));
for (const [kind, all] of kinds) progress(`${all.length} × ${kind}`);
for (const [, [first]] of [...kinds].slice(0, options.shrink)) if (first !== undefined) await explain(first);
progress(`going round ${CORNERS.length} corners of HTTP`);
const corners = await roundCorners(envoy, echoes);
for (const line of corners) progress(line);
progress(`checking the shares of ${options.weights} tables`);
const shares = await checkWeights(options.weights, options.seed, envoy, echoes);
for (const line of shares.wrong) progress(line);
console.log(
  JSON.stringify({
    seed: options.seed,
    tables: cases.length,
    requests: asked,
    differences: found.length,
    kinds: [...kinds].map(([kind, all]) => ({ kind, count: all.length })),
    corners: { asked: CORNERS.length, documented: DOCUMENTED, wrong: corners.length },
    shares: { tables: options.weights, requests: shares.requests, wrong: shares.wrong.length },
    seconds: Math.round((performance.now() - started) / 1000),
  }),
);
process.exitCode = found.length + corners.length + shares.wrong.length > 0 ? 1 : 0;

async function explain(difference: Difference): Promise<void> {
  progress(`making smaller: ${difference.what}`);
  const small: Difference = await shrunk(difference, envoy, echoes);
  const one: Case = small.of;
  console.error(
    `${small.what}\n  rules: ${JSON.stringify(one.rules)}\n  request: ${JSON.stringify(one.requests)}`,
  );
  console.error(`  mesh:  ${JSON.stringify(small.mesh)}\n  envoy: ${JSON.stringify(small.envoy)}`);
}

/** Corner cases with an unexpected difference, or without the expected one. */
async function roundCorners(envoy: EnvoySide, echoes: LocalEchoes): Promise<string[]> {
  const rules = [{ retries: { attempts: 0 }, route: [{ destination: { host: REVISIONS[0] } }] }];
  await envoy.use(new Map([["corners", rules]]));
  using mesh = new MeshSide(tableOf([...commonManifests(), tableManifest("corners", rules)]), echoes);
  const wrong: string[] = [];
  for (const corner of CORNERS) {
    const own = await taken(corner, hostOf("corners"), mesh.port);
    const theirs = await taken(corner, hostOf("corners"), envoy.port);
    if ((own === theirs) === (corner.differs === undefined)) continue;
    wrong.push(`${corner.name}: the mesh ${own}, Envoy ${theirs}`);
  }
  await envoy.forget(["corners"]);
  return wrong;
}

/** A difference without its values. */
function kindOf(what: string): string {
  return what.startsWith("status") ? what : what.replace(/"(\\.|[^"\\])*"|undefined/g, "…");
}

/** A program with its imports as one text. */
async function bundled(entry: string): Promise<string> {
  const outdir = join(tmpdir(), `kyc-differential-${process.pid}`);
  const { outputs } = await Bun.build({
    entrypoints: [entry],
    target: "bun",
    outdir,
    minify: { syntax: true },
  });
  const [output] = outputs;
  if (output === undefined) throw new Error(`${entry} made nothing`);
  return output.text();
}

/** A line for each table, so that a diff shows which changed. */
function recorded(cases: readonly Case[], answers: readonly unknown[]): string {
  return cases.map((one, i) => JSON.stringify({ ...one, answers: answers[i] })).join("\n");
}
