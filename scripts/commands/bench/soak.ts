import { Command, Option } from "commander";
import { EXIT } from "../../exit.ts";
import { perSecond, sharePercent } from "../options/option-values.ts";
import { PROJECT } from "../../project.ts";
import { asFailure, lasting, output, say } from "./flags.ts";
import { print } from "../../text/print.ts";
import { printData, type OutputFormat } from "../../text/data.ts";

interface SoakFlags {
  for: number;
  share: number;
  rps?: number | undefined;
  output: "table" | OutputFormat;
}

/** `kyc bench soak`: the whole system under a steady load for a long time. */
export function benchSoakCommand(): Command {
  return new Command("soak")
    .description("runs the whole system under a steady load, and measures its memory")
    .addOption(lasting("how long", "5m"))
    .addOption(
      new Option("--share <percent>", "the load, in percent of the system's capacity")
        .argParser(sharePercent)
        .default(80),
    )
    .addOption(
      new Option("--rps <number>", "the load in requests per second, without measuring the capacity before")
        .argParser(perSecond)
        .conflicts("share"),
    )
    .addOption(output())
    .addHelpText(
      "after",
      `
Exits with 1 if a request fails, or if the memory of a process grows by more than 5 % after warm-up.

Examples:
  ./kyc bench soak            five minutes
  ./kyc bench soak --for 1h
  ./kyc bench soak --share 30  on a machine with other load
  ./kyc bench soak --rps 60 --for 30m`,
    )
    .action(async (flags: SoakFlags) => {
      const interrupted = new AbortController();
      process.once("SIGINT", () => interrupted.abort());
      const { drawSoak, soak } = await import("../../bench/http/soak.ts");
      const options = {
        project: PROJECT,
        seconds: flags.for / 1000,
        load: flags.rps === undefined ? { share: flags.share / 100 } : { rps: flags.rps },
        signal: interrupted.signal,
        say,
      };
      const report = await soak(options).catch(asFailure);
      if (flags.output !== "table") await printData(report, flags.output);
      else print(drawSoak(report));
      process.exitCode = interrupted.signal.aborted
        ? EXIT.interrupted
        : report.passed
          ? EXIT.ok
          : EXIT.failed;
    });
}
