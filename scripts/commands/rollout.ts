import { Command } from "commander";
import type { RecordFlags, VerifyRecordFlags } from "./rollout/saved/record-file.ts";
import type { VerifyFlags } from "./rollout/saved/verify-log-file.ts";
import { EXIT, Failure } from "../exit.ts";
import { onCluster } from "./cluster/on-cluster.ts";
import { rolloutCommandLine } from "./rollout/next-step.ts";
import { engineHelp } from "./options/engine-options.ts";
import type { RolloutFlags } from "./rollout/flags.ts";
import { rolloutOptions } from "./rollout/rollout-options.ts";

/** `kyc rollout`: moves live traffic to a candidate in steps, while a judge compares it with the baseline. */
export function rolloutCommand(): Command {
  const command = new Command("rollout")
    .description("moves traffic to a version in steps, judges it at each one, and rolls back automatically")
    .argument("[service]", "the Knative Service, such as checkout; optional with --file");
  for (const option of rolloutOptions()) command.addOption(option);
  return command
    .addHelpText("after", `${EXAMPLES}\n${engineHelp()}`)
    .action(async (named: string | undefined, flags: RolloutFlags) => {
      const service = await serviceOf(command, named, flags);
      const given = command.opts<RolloutFlags>();
      await onCluster(() => runRollout(service, given), `To continue: ./kyc rollout ${service} --resume`);
    })
    .addCommand(listCommand())
    .addCommand(verifyLogCommand())
    .addCommand(recordCommand())
    .addCommand(verifyRecordCommand());
}

const EXAMPLES = `
Examples:
  ./kyc rollout checkout --to v2                    in steps of 1, 5, 10, 25, 50 and 100 %
  ./kyc rollout checkout --to v2 --dry-run          the plan, and what each step can detect
  ./kyc rollout checkout --to v2 --steps 10,50,100 --step-time 5s --bake 10s
  ./kyc rollout -f rollouts/checkout.yaml           from a file in git, which ./kyc lint checks
  ./kyc rollout checkout --to v2 --shadow 1h --accept 'approved.fail<0.1%'
  ./kyc rollout checkout --to v2 --preview header:x-preview=v2 --preview-for 10m
  ./kyc rollout checkout --to v2 --check 'approved=json:$.approved'
  ./kyc rollout checkout --status                   from any terminal, as --pause, --promote and --abort
  ./kyc rollout checkout --abort --reason 'customer complaints'
  ./kyc rollout checkout --to v2 --approve-at 100   waits before 100 % for:
  ./kyc rollout checkout --approve --by ann
  ./kyc rollout checkout --resume                   continues after a pause, a hold or a crash
  ./kyc rollout checkout --back                     restores the original split, also after promotion
  ./kyc rollout checkout --to v2 --in-cluster       as a Job, which does not need this machine
  ./kyc rollout list
  ./kyc rollout verify-log .kyc/audit/local/checkout.ndjson
  ./kyc rollout record checkout-20261128-203105-1f0a   one file for an auditor, who checks it anywhere with:
  ./kyc rollout verify-record FILE --key public.pem

Exits with 0 if the candidate was promoted, 1 if it was rolled back, 2 if no rollout started, 3 if it is held for a
person to decide. Ctrl-C asks whether to hold, roll back or continue; without a terminal it rolls back.`;

/** The service on the command line or in --file. Values of the file become those of flags that are not given. */
async function serviceOf(
  command: Command,
  named: string | undefined,
  { file }: RolloutFlags,
): Promise<string> {
  if (file !== undefined) {
    const { applyRolloutFile } = await import("./rollout/plan-file.ts");
    return applyRolloutFile(command, file, named);
  }
  if (named !== undefined) return named;
  throw new Failure(
    "Name the service: ./kyc rollout SERVICE --to TAG, or a file that names it: ./kyc rollout --file rollouts/SERVICE.yaml",
    EXIT.usage,
  );
}

async function runRollout(service: string, flags: RolloutFlags): Promise<void> {
  const [{ controlOf }, { NoPlan }, { LockTaken }, { CorruptJournal }, { CannotWrite, NothingRuns }] =
    await Promise.all([
      import("./rollout/flags.ts"),
      import("../rollout/plan/plan.ts"),
      import("../rollout/lock/lock.ts"),
      import("../rollout/journal/journal.ts"),
      import("../traffic/split/split.ts"),
    ]);
  try {
    const command = controlOf(flags);
    if (flags.status || flags.report) {
      const { showRollout } = await import("./rollout/saved/show.ts");
      process.exitCode = await showRollout(service, flags);
    } else if (command !== undefined) {
      const { control } = await import("./rollout/control.ts");
      process.exitCode = await control(service, command, flags);
    } else if (flags.inCluster) {
      const { runInCluster } = await import("./rollout/in-cluster.ts");
      process.exitCode = await runInCluster(service, flags);
    } else {
      const { begin } = await import("./rollout/start-rollout.ts");
      process.exitCode = await begin(service, flags);
    }
  } catch (error) {
    if (error instanceof LockTaken) {
      const line = (action: string): string => rolloutCommandLine(service, action, flags);
      const ways = `show it: ${line("--status")}\nend it: ${line("--abort")}`;
      throw new Failure(`${error.message}\n${ways}`, EXIT.usage);
    }
    if (isSystemError(error)) throw new Failure(`The rollout's files cannot be used: ${error.message}`);
    const expected = [NoPlan, CorruptJournal, CannotWrite, NothingRuns];
    if (expected.some((type) => error instanceof type) && error instanceof Error)
      throw new Failure(error.message, EXIT.usage);
    throw error;
  }
}

/** Whether the file system refused an operation, such as a write to a full disk. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && "syscall" in error && "path" in error;
}

function listCommand(): Command {
  return new Command("list")
    .description("lists the rollouts recorded on this machine; takes --dir and -o")
    .exitOverride()
    .action(async (_: unknown, command: Command) => {
      const { listRollouts } = await import("./rollout/saved/list.ts");
      process.exitCode = await listRollouts(command.optsWithGlobals<RolloutFlags>());
    });
}

function verifyLogCommand(): Command {
  return new Command("verify-log")
    .description("checks that no line of an audit log was changed, removed or added")
    .argument("<file>", "an audit log, such as .kyc/audit/local/checkout.ndjson")
    .option("--key <file>", "the public key of the signed heads, in PEM (default: this user's)")
    .option(
      "--head <hash|file>",
      "the hash of the last line, or a file of signed heads, that was stored elsewhere",
    )
    .exitOverride()
    .action(async (file: string, flags: VerifyFlags) => {
      const { verifyLogFile } = await import("./rollout/saved/verify-log-file.ts");
      process.exitCode = await verifyLogFile(file, flags);
    });
}

function recordCommand(): Command {
  return new Command("record")
    .description("writes everything known about a rollout into one signed file; takes --dir and -o")
    .argument("<id>", "the id of a rollout, as shown by list")
    .option(
      "--shadow-report <file>",
      "a JSON report of ./kyc shadow (default: the last one of this candidate before the end of the rollout)",
    )
    .option("--out <file>", "the file to write (default: .kyc/records/ID.ndjson)")
    .exitOverride()
    .action(async (id: string, _: unknown, command: Command) => {
      const { writeRecord } = await import("./rollout/saved/record-file.ts");
      process.exitCode = await writeRecord(id, command.optsWithGlobals<RecordFlags>());
    });
}

function verifyRecordCommand(): Command {
  return new Command("verify-record")
    .description("checks a record offline: its signature, and each verdict from the recorded outcomes")
    .argument("<file>", "a record")
    .option("--key <file>", "the public key that sealed it, in PEM (default: this user's)")
    .exitOverride()
    .action(async (file: string, _: unknown, command: Command) => {
      const { verifyRecordFile } = await import("./rollout/saved/record-file.ts");
      process.exitCode = await verifyRecordFile(file, command.optsWithGlobals<VerifyRecordFlags>());
    });
}
