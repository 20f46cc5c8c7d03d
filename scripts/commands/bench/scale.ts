import { Command, Option } from "commander";
import { EXIT, Failure } from "../../exit.ts";
import { PROJECT } from "../../project.ts";
import { OUTPUT_FORMATS, printData, type OutputFormat } from "../../text/data.ts";
import { print } from "../../text/print.ts";
import { asFailure, say, wholeFrom } from "./flags.ts";

interface BenchScaleFlags {
  rounds: number;
  most: number;
  page?: string;
  document?: string;
  output?: OutputFormat;
}

/** `kyc bench scale`: how costs grow with routes, revisions and rollouts. */
export function benchScaleCommand(): Command {
  return new Command("scale")
    .description("measures how costs grow with the number of routes, revisions and rollouts")
    .addOption(
      new Option("--rounds <n>", "the number of measurements of each point")
        .argParser(wholeFrom(1, 99))
        .default(3),
    )
    .addOption(
      new Option("--most <n>", "the largest number of VirtualServices and rules")
        .argParser(wholeFrom(1, 100_000))
        .default(10_000),
    )
    .option("--page <file>", "also writes an HTML page with charts")
    .option("--document <file>", "also writes the figures into a Markdown document, and the charts beside it")
    .addOption(new Option("-o, --output <format>", "the result as data").choices(OUTPUT_FORMATS))
    .addHelpText(
      "after",
      `
Examples:
  ./kyc bench scale                     about eight minutes on two cores
  ./kyc bench scale --most 1000 --rounds 1
  ./kyc bench scale --page scale.html
  ./kyc bench scale --document docs/scale.md
Exit codes: 0 every target is reached, 1 a target is missed, 2 wrong usage.`,
    )
    .action(async ({ rounds, most, page, document, output }: BenchScaleFlags) => {
      const [
        { benchScale },
        { aroundFigures, drawScale, figuresInMarkdown, scalePage, scaleSvg },
        { styleFor },
      ] = await Promise.all([
        import("../../bench/scale/bench.ts"),
        import("../../bench/scale/draw.ts"),
        import("../../terminal/style.ts"),
      ]);
      const around = document === undefined ? undefined : aroundFigures(await textOf(document));
      if (document !== undefined && around === undefined)
        throw new Failure(`${document} has no place for figures, as docs/scale.md has it`, EXIT.usage);
      const report = await benchScale({ project: PROJECT, rounds, most, say }).catch(asFailure);
      if (page !== undefined) {
        await Bun.write(page, scalePage(report));
        say(`the page is ${page}`);
      }
      if (document !== undefined && around !== undefined) {
        const [before, after] = around;
        const picture = document.replace(/\.md$/, "") + ".svg";
        await Bun.write(document, `${before}\n\n${figuresInMarkdown(report)}\n\n${after}`);
        await Bun.write(picture, scaleSvg(report));
        say(`the figures are in ${document}, the charts in ${picture}`);
      }
      if (output !== undefined) await printData(report, output);
      else print(drawScale(report, styleFor(process.stdout)).join("\n"));
      process.exitCode = report.figures.every(({ ok }) => ok) ? EXIT.ok : EXIT.failed;
    });
}

async function textOf(path: string): Promise<string> {
  return Bun.file(path)
    .text()
    .catch(() => "");
}
