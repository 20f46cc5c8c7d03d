import { Command } from "commander";
import { EXIT } from "../../exit.ts";
import { PROJECT } from "../../project.ts";
import { asFailure, lasting, output, say } from "./flags.ts";

interface SoakFlags {
  for: number;
  output: "table" | "json";
}

const SHARE = 0.8;

/** `kyc bench soak`: the whole system under a steady load for a long time. */
export function benchSoakCommand(): Command {
  return new Command("soak")
    .description("runs the whole system at 80 % of the most that it answers, and watches its memory")
    .addOption(lasting("how long", "5m"))
    .addOption(output())
    .addHelpText(
      "after",
      `
Exit code 1 when a request fails, or when a process ends up with over 5 % more memory than it had once it was warm.

Examples:
  ./kyc bench soak            five minutes
  ./kyc bench soak --for 1h`,
    )
    .action(async (flags: SoakFlags) => {
      const interrupted = new AbortController();
      process.once("SIGINT", () => interrupted.abort());
      const { soak } = await import("../../bench/http/soak.ts");
      const { drawSoak } = await import("../../bench/http/show/soak.ts");
      const options = {
        project: PROJECT,
        seconds: flags.for / 1000,
        share: SHARE,
        signal: interrupted.signal,
        say,
      };
      const report = await soak(options).catch(asFailure);
      console.log(flags.output === "json" ? JSON.stringify(report, undefined, 2) : drawSoak(report));
      process.exitCode = interrupted.signal.aborted
        ? EXIT.interrupted
        : report.passed
          ? EXIT.ok
          : EXIT.failed;
    });
}
