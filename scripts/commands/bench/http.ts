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

/** `kyc bench http`: services and mesh compared with other servers and proxies. */
export function benchHttpCommand(): Command {
  return new Command("http")
    .description("compares services and mesh with other servers and proxies that do the same work")
    .addOption(lasting("the total time of all measurements", "85s"))
    .option("--rounds <number>", "the number of rounds; each measures every side once", wholeFrom(1, 999), 5)
    .option("--ablate", "only measures what each part of a service costs, by leaving it out", false)
    .addOption(output())
    .option("--page <file>", "also writes an HTML page with charts")
    .addHelpText(
      "after",
      `
Each side is pinned to one processor, and the load to another. wrk, Envoy and nginx are used if they are installed.
Exits with 1 if a figure misses its target.

Examples:
  ./kyc bench http                              about three minutes
  ./kyc bench http --for 5m --rounds 9          steadier figures
  ./kyc bench http --ablate --for 2m            the costs of log, metrics, ids, schema, ofetch and Elysia
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
