import { Command, Option } from "commander";
import { EXIT, Failure } from "../exit.ts";
import type { Judgement } from "../rollout/judge/trace/trace.ts";
import { probability, shareOfRequests, surplus } from "./options/option-values.ts";
import { print } from "../text/print.ts";
import { OUTPUT_FORMATS, printData, type OutputFormat } from "../text/data.ts";

interface JudgeFlags {
  trace: string;
  alpha: number;
  beta: number;
  tolerateErrors: number;
  tolerateErrorRate: number;
  tolerateLatency: number;
  output?: OutputFormat;
}

/** The exit code of `kyc judge` if the evidence is not sufficient. */
const UNDECIDED = 3;
const CODES = { healthy: EXIT.ok, regressed: EXIT.failed, undecided: UNDECIDED } as const;

/** `kyc judge`: judges a recorded trace as a rollout would. */
export function judgeCommand(): Command {
  return new Command("judge")
    .description("decides from a recorded trace whether a candidate is worse than its baseline")
    .requiredOption("--trace <file>", "the trace, one JSON object per line; - for standard input")
    .addOption(
      new Option(
        "--alpha <probability>",
        "the probability of calling a candidate regressed that is no worse than tolerated",
      )
        .argParser(probability)
        .default(0.01),
    )
    .addOption(
      new Option("--beta <probability>", "the probability of calling a harmful candidate healthy")
        .argParser(probability)
        .default(0.05),
    )
    .addOption(
      new Option("--tolerate-errors <more>", "the tolerated increase of the error rate: 10% or 1.1")
        .argParser(surplus)
        .default(0, "no more"),
    )
    .addOption(
      new Option("--tolerate-error-rate <share>", "the error rate below which nothing is a regression: 0.1%")
        .argParser(shareOfRequests)
        .default(0, "none"),
    )
    .addOption(
      new Option(
        "--tolerate-latency <more>",
        "the tolerated increase of latency, overall or at p99: 25% or 1.25",
      )
        .argParser(surplus)
        .default(0.25, "25%"),
    )
    .addOption(new Option("-o, --output <format>", "the result as data").choices(OUTPUT_FORMATS))
    .addHelpText(
      "after",
      `
Examples:
  ./kyc judge --trace requests.ndjson
  ./kyc judge --trace requests.ndjson --tolerate-errors 10% --tolerate-latency 1.5
  zcat requests.ndjson.gz | ./kyc judge --trace - -o json

A line: {"t":12.5,"revision":"baseline","ok":true,"ms":20.1,"share":0.1}
  t         seconds            revision  baseline, candidate, or gateway if the failing revision is unknown
  ok        false for a failure of the service        ms  milliseconds
  share     the candidate's share of the traffic, from 0 to 1, when the request was routed
  fromMs    the lower bound of a histogram's bucket, of which ms is the upper one (optional)
  count     the number of requests that the line stands for (default: 1)
  kind      success, error, rejected (4xx) or abandoned (the caller gave up); default: from ok
  unit      the user or session of a sticky split: its failures count once (optional)
  excluded  cold start, probe, caller, mirrored or pinned: reported but not judged (optional)

Lines with the same t form one batch, without an order. A t that decreases is an error.

Healthy means: since its share was last raised, the candidate fails less than twice as often as the baseline or in less
than 0.5 % of requests, and takes less than 1.5 times as long. The probability that this is wrong is at most beta.
Exit codes: 0 healthy, 1 regressed, 3 undecided, 2 wrong usage or an invalid line.`,
    )
    .action(async (flags: JudgeFlags) => {
      const judgement = await runJudge(flags);
      if (flags.output !== undefined) await printData(judgement, flags.output);
      else print((await draw(judgement)).join("\n"));
      process.exitCode = CODES[judgement.verdict];
    });
}

async function runJudge(flags: JudgeFlags): Promise<Judgement> {
  const [{ TraceJudge }, { BadLine }, { linesOf }] = await Promise.all([
    import("../rollout/judge/trace/trace.ts"),
    import("../rollout/judge/trace/line.ts"),
    import("../text/lines.ts"),
  ]);
  const judge = new TraceJudge({
    alpha: flags.alpha,
    beta: flags.beta,
    tolerate: {
      errors: flags.tolerateErrors,
      errorRate: flags.tolerateErrorRate,
      latency: flags.tolerateLatency,
    },
  });
  const stream = flags.trace === "-" ? Bun.stdin.stream() : Bun.file(flags.trace).stream();
  try {
    for await (const line of linesOf(stream)) judge.add(line);
  } catch (error) {
    const name = flags.trace === "-" ? "standard input" : flags.trace;
    if (error instanceof BadLine) throw new Failure(`${name}, ${error.message}`, EXIT.usage);
    if (error instanceof Error && "code" in error)
      throw new Failure(`--trace ${flags.trace} cannot be read: ${error.message}`, EXIT.usage);
    throw error;
  }
  return judge.end();
}

async function draw(judgement: Judgement): Promise<string[]> {
  const [{ drawJudgement }, { styleFor }] = await Promise.all([
    import("../terminal/rollout/draw-judgement.ts"),
    import("../terminal/style.ts"),
  ]);
  return drawJudgement(judgement, styleFor(process.stdout));
}
