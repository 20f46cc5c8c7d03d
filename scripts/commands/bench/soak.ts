import { Command, InvalidArgumentError, Option } from "commander";
import { EXIT } from "../../exit.ts";
import { PROJECT } from "../../project.ts";
import { asFailure, lasting, output, say } from "./flags.ts";
import { print } from "../../text/print.ts";
import { printData, type OutputFormat } from "../../text/data.ts";

interface SoakFlags {
  for: number;
  share: number;
  output: "table" | OutputFormat;
}

/** `kyc bench soak`: the whole system under a steady load for a long time. */
export function benchSoakCommand(): Command {
  return new Command("soak")
    .description("runs the whole system under a steady load for long, and watches its memory")
    .addOption(lasting("how long", "5m"))
    .addOption(
      new Option("--share <percent>", "the load, of the most that the system answers")
        .argParser(percent)
        .default(80),
    )
    .addOption(output())
    .addHelpText(
      "after",
      `
Exit code 1 when a request fails, or when a process ends up with over 5 % more memory than it had once it was warm.

Examples:
  ./kyc bench soak            five minutes
  ./kyc bench soak --for 1h
  ./kyc bench soak --share 30  on a machine that has other work, so that there is room for it`,
    )
    .action(async (flags: SoakFlags) => {
      const interrupted = new AbortController();
      process.once("SIGINT", () => interrupted.abort());
      const { drawSoak, soak } = await import("../../bench/http/soak.ts");
      const options = {
        project: PROJECT,
        seconds: flags.for / 1000,
        share: flags.share / 100,
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

function percent(text: string): number {
  const value = Number(text.replace(/%$/, ""));
  if (!(value > 0 && value <= 100))
    throw new InvalidArgumentError("A percentage above 0 and at most 100 is expected.");
  return value;
}
