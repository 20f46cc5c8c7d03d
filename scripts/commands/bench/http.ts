import { Command } from "commander";
import { EXIT } from "../../exit.ts";
import { PROJECT } from "../../project.ts";
import { asFailure, lasting, output, say, wholeFrom } from "./flags.ts";
import { print } from "../../text/print.ts";
import { printData, type OutputFormat } from "../../text/data.ts";

interface HttpFlags {
  for: number;
  rounds: number;
  ablate: boolean;
  output: "table" | OutputFormat;
  page?: string;
}

/** `kyc bench http`: the services and the mesh against what else does their work. */
export function benchHttpCommand(): Command {
  return new Command("http")
    .description("measures services and mesh side by side with others that do the same work")
    .addOption(lasting("how long all measurements take together", "85s"))
    .option("--rounds <number>", "rounds in which each side is measured once", wholeFrom(1, 999), 5)
    .option(
      "--ablate",
      "leaves one part of a service out at a time, to see what each costs; nothing else",
      false,
    )
    .addOption(output())
    .option("--page <file>", "also writes a page with charts")
    .addHelpText(
      "after",
      `
Each side is held to one processor, and the load to another. wrk is used where it is installed, Envoy or nginx too.
Exit code 1 when a figure is not what it should be.

Examples:
  ./kyc bench http                              about three minutes
  ./kyc bench http --for 5m --rounds 9          steadier figures
  ./kyc bench http --ablate --for 2m            what log, metrics, ids, schema, ofetch and Elysia cost
  ./kyc bench http -o json --page figures.html  as data, and as a page`,
    )
    .action(async (flags: HttpFlags) => {
      const [{ benchHttp }, { drawTable }] = await Promise.all([
        import("../../bench/http/parts/run-http-bench.ts"),
        import("../../bench/http/show/table.ts"),
      ]);
      const report = await benchHttp({
        project: PROJECT,
        budgetSeconds: flags.for / 1000,
        rounds: flags.rounds,
        ablate: flags.ablate,
        say,
      }).catch(asFailure);
      if (flags.page !== undefined) {
        const { drawPage } = await import("../../bench/http/show/page.ts");
        await Bun.write(flags.page, drawPage(report));
        say(`the page is ${flags.page}`);
      }
      if (flags.output !== "table") await printData(report, flags.output);
      else print(drawTable(report));
      process.exitCode = report.figures.every(({ met }) => met) ? EXIT.ok : EXIT.failed;
    });
}
