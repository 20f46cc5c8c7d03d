import { availableParallelism } from "node:os";
import { Command, InvalidArgumentError, Option } from "commander";
import { EXIT, Failure } from "../../exit.ts";
import { untilInterrupted } from "../cluster/on-cluster.ts";
import { print, printMessage } from "../../text/print.ts";
import { OUTPUT_FORMATS, printData, type OutputFormat } from "../../text/data.ts";

interface BenchJudgeFlags {
  reps: number;
  seed: number;
  only: string[];
  page?: string;
  output?: OutputFormat;
}

const collect = (value: string, before: string[]): string[] => [...before, value];

/** `kyc bench judge`: this project's judge compared with those of Flagger, Argo Rollouts and Kayenta. */
export function benchJudgeCommand(): Command {
  return new Command("judge")
    .description(
      "compares the judge with the rules of Flagger, Argo Rollouts and Kayenta on the same requests",
    )
    .addOption(
      new Option("--reps <n>", "the number of rollouts of each scenario at each load")
        .argParser(positive)
        .default(100),
    )
    .addOption(new Option("--seed <n>", "the seed of the random requests").argParser(whole).default(1))
    .option("--only <text>", "only scenarios whose name contains this (repeatable)", collect, [])
    .option("--page <file>", "also writes an HTML page with charts")
    .addOption(new Option("-o, --output <format>", "the result as data").choices(OUTPUT_FORMATS))
    .addHelpText(
      "after",
      `
Examples:
  ./kyc bench judge                             all scenarios, in about four minutes on two cores
  ./kyc bench judge --page judge.html
  ./kyc bench judge --only "0.1 to 5" --reps 500
  ./kyc bench judge --only equal --only swing -o json

Exit codes: 0 every target is reached, 1 a target is missed, 2 wrong usage.`,
    )
    .action(async (flags: BenchJudgeFlags) => {
      process.exitCode = await runBenchJudge(flags);
    });
}

async function runBenchJudge({ reps, seed, only, page, output }: BenchJudgeFlags): Promise<number> {
  const [{ benchJudge }, { chosen }, { SCENARIOS }] = await Promise.all([
    import("../../bench/judge/bench.ts"),
    import("../../bench/judge/run-bench.ts"),
    import("../../bench/judge/scenarios.ts"),
  ]);
  if (chosen(only).length === 0) {
    const names = SCENARIOS.map(({ name }) => name).join(", ");
    throw new Failure(
      `--only ${only.join(" ")}: there is no such scenario. The scenarios are: ${names}`,
      EXIT.usage,
    );
  }
  const signal = untilInterrupted();
  const workers = Math.max(1, availableParallelism());
  const result = await benchJudge({ reps, seed, only, workers, signal, progress }, processorTime).catch(
    (error: unknown) => {
      throw signal.aborted ? new Failure("Interrupted: no results were saved.", EXIT.interrupted) : error;
    },
  );
  if (page !== undefined) {
    const { benchPage } = await import("../../bench/judge/page/page.ts");
    await Bun.write(page, benchPage(result));
    printMessage(`wrote ${page}`);
  }
  if (output !== undefined) await printData(result, output);
  else {
    const [{ drawBench }, { styleFor }] = await Promise.all([
      import("../../bench/judge/draw.ts"),
      import("../../terminal/style.ts"),
    ]);
    print(drawBench(result, styleFor(process.stdout)).join("\n"));
  }
  return result.figures.every(({ ok }) => ok) ? EXIT.ok : EXIT.failed;
}

/** Prints the progress on standard error: on a terminal in one line, else every 10 %. */
function progress(done: number, of: number): void {
  const percent = Math.floor((100 * done) / of);
  if (process.stderr.isTTY) {
    process.stderr.write(`\r${percent} % of the simulated rollouts are done${done === of ? "\n" : ""}`);
  } else if (Math.floor((10 * done) / of) > Math.floor((10 * (done - 1)) / of)) {
    printMessage(`${percent} % of the simulated rollouts are done`);
  }
}

/** The processor time of this process in milliseconds. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0 && value <= 1e6) return value;
  throw new InvalidArgumentError("A whole number from 1 is expected.");
}

function whole(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError("A whole number is expected.");
}
