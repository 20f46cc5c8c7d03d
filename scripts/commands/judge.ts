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

/** `kyc judge`: the judge of a rollout over a recorded trace. */
export function judgeCommand(): Command {
  return new Command("judge")
    .description("decides by a recorded trace whether a candidate is worse than its baseline")
    .requiredOption("--trace <file>", "one request a line, as JSON; - for standard input")
    .addOption(
      new Option("--alpha <probability>", "of calling a candidate regressed that is no worse than tolerated")
        .argParser(probability)
        .default(0.01),
    )
    .addOption(
      new Option("--beta <probability>", "of calling one healthy that would do harm")
        .argParser(probability)
        .default(0.05),
    )
    .addOption(
      new Option(
        "--tolerate-errors <more>",
        "failing this much more often than the baseline is no regression: 10% or 1.1",
      )
        .argParser(surplus)
        .default(0, "no more"),
    )
    .addOption(
      new Option(
        "--tolerate-error-rate <share>",
        "nor is failing this rarely, whatever the baseline does: 0.1%",
      )
        .argParser(shareOfRequests)
        .default(0, "none"),
    )
    .addOption(
      new Option(
        "--tolerate-latency <more>",
        "nor is taking this much longer, on the whole or at p99: 25% or 1.25",
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
  share     of the traffic that the candidate had, from 0 to 1, when the request was sent on its way
  fromMs    where only a histogram is known: it took longer than this, and ms at most (optional)
  count     how many requests the line stands for (1 if left out)
  kind      success, error, rejected (4xx) or abandoned (the caller gave up); by ok if left out
  unit      the applicant or session of a sticky split: its failures count once (optional)
  excluded  cold start, probe, caller, mirrored or pinned: counted and reported, not judged (optional)

Lines with one t are one batch, which has no order; a t that falls is refused.

Healthy: with probability beta of being wrong at most, the candidate fails less than twice as often as the baseline or
less than 0.5 % of the time, and takes less than 1.5 times as long, since its share was last raised.
Exit codes: 0 healthy, 1 regressed, 3 undecided, 2 wrong usage or a line that is ill-formed.`,
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
