import { parseArgs } from "node:util";
import { corpusOf, fuzz, keepFailure } from "./fuzz.ts";
import { TARGETS } from "./targets.ts";

const USAGE = `Usage: bun test/fuzz/run.ts [NAME…] [--inputs N] [--seed N]

Names: ${TARGETS.map(({ name }) => name).join(", ")} (default: all). If an input fails, it is minimised and added to
test/fuzz/corpus, and the exit code is 1.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    inputs: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
    help: { type: "boolean", default: false },
  },
});
const unknown = positionals.find((name) => !TARGETS.some((target) => target.name === name));
const [inputs, seed] = [Number(values.inputs), Number(values.seed)];
if (
  values.help ||
  unknown !== undefined ||
  !(Number.isInteger(inputs) && inputs > 0) ||
  !Number.isInteger(seed)
) {
  console.log(unknown === undefined ? USAGE : `There is no target ${unknown}.\n${USAGE}`);
  process.exit(values.help ? 0 : 2);
}

let failed = false;
for (const target of TARGETS) {
  if (positionals.length > 0 && !positionals.includes(target.name)) continue;
  const begun = performance.now();
  const result = await fuzz(target, {
    inputs,
    seed,
    corpus: await corpusOf(target.name),
    onProgress: (done) => process.stderr.write(`${target.name}: ${done}\n`),
  });
  const seconds = ((performance.now() - begun) / 1_000).toFixed(0);
  console.log(
    `${target.name}: ${result.inputs} inputs with seed ${seed} in ${seconds} s, the slowest ${result.slowestMs.toFixed(0)} ms, ${result.failure === undefined ? "0 failed" : "FAILED"}`,
  );
  if (result.failure === undefined) continue;
  failed = true;
  const file = await keepFailure(target.name, result.failure);
  console.log(
    `  ${result.failure.what}\n  ${JSON.stringify(result.failure.input.toString("latin1"))}\n  kept in ${file}`,
  );
}
process.exit(failed ? 1 : 0);
