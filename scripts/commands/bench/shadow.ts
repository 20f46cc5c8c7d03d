import { Command, Option } from "commander";
import { EXIT } from "../../exit.ts";
import { OUTPUT_FORMATS, printData, type OutputFormat } from "../../text/data.ts";
import { print } from "../../text/print.ts";
import { wholeFrom } from "./flags.ts";

interface BenchShadowFlags {
  runs: number;
  seed: number;
  output?: OutputFormat;
}

/** `kyc bench shadow`: the verdict of `shadow` compared with Diffy's rule. */
export function benchShadowCommand(): Command {
  return new Command("shadow")
    .description("compares the verdict of shadow with Diffy's rule on simulated versions")
    .addOption(
      new Option("--runs <n>", "the number of comparisons of each kind")
        .argParser(wholeFrom(1, 100_000))
        .default(1000),
    )
    .addOption(
      new Option("--seed <n>", "the seed of the random answers")
        .argParser(wholeFrom(0, 2 ** 31 - 1))
        .default(1),
    )
    .addOption(new Option("-o, --output <format>", "the result as data").choices(OUTPUT_FORMATS))
    .addHelpText(
      "after",
      `
Examples:
  ./kyc bench shadow                  a few seconds
  ./kyc bench shadow --runs 10000
  ./kyc bench shadow --seed 2 -o json
Exit codes: 0 every target is reached, 1 a target is missed, 2 wrong usage.`,
    )
    .action(async ({ runs, seed, output }: BenchShadowFlags) => {
      const { benchShadow } = await import("../../bench/shadow/bench.ts");
      const result = benchShadow({ runs, seed });
      if (output !== undefined) await printData(result, output);
      else {
        const [{ drawShadowBench }, { styleFor }] = await Promise.all([
          import("../../bench/shadow/draw.ts"),
          import("../../terminal/style.ts"),
        ]);
        print(drawShadowBench(result, styleFor(process.stdout)).join("\n"));
      }
      process.exitCode = result.figures.every(({ ok }) => ok) ? EXIT.ok : EXIT.failed;
    });
}
