import { Command, CommanderError, Help, type Option } from "commander";
import { version } from "../package.json" with { type: "json" };
import { basename } from "node:path";
import { RELEASED } from "./project.ts";
import { EXIT, Failure } from "./exit.ts";
import { InvalidManifests } from "./manifests/problem.ts";
import { completePlace } from "./commands/options/place-options.ts";
import { setInvocation, shellWord, withProgramName } from "./text/command-lines.ts";
import { print, printMessage } from "./text/print.ts";
import { printable } from "./text/printable.ts";

/** Creates each command from its own module, in the order of the help. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  dev: async () => (await import("./commands/mesh/dev.ts")).devCommand(),
  load: async () => (await import("./commands/mesh/load.ts")).loadCommand(),
  fault: async () => (await import("./commands/mesh/fault.ts")).faultCommand(),
  up: async () => (await import("./commands/cluster/up.ts")).upCommand(),
  down: async () => (await import("./commands/cluster/down.ts")).downCommand(),
  images: async () => (await import("./commands/cluster/images.ts")).imagesCommand(),
  deploy: async () => (await import("./commands/cluster/deploy.ts")).deployCommand(),
  verify: async () => (await import("./commands/cluster/verify.ts")).verifyCommand(),
  e2e: async () => (await import("./commands/cluster/e2e.ts")).e2eCommand(),
  status: async () => (await import("./commands/cluster/status.ts")).statusCommand(),
  split: async () => (await import("./commands/split.ts")).splitCommand(),
  shadow: async () => (await import("./commands/shadow.ts")).shadowCommand(),
  rollout: async () => (await import("./commands/rollout.ts")).rolloutCommand(),
  logs: async () => (await import("./commands/cluster/logs.ts")).logsCommand(),
  lint: async () => (await import("./commands/dialects/lint.ts")).lintCommand(),
  render: async () => (await import("./commands/dialects/render.ts")).renderCommand(),
  equal: async () => (await import("./commands/dialects/equal.ts")).equalCommand(),
  judge: async () => (await import("./commands/judge.ts")).judgeCommand(),
  bench: async () => (await import("./commands/bench.ts")).benchCommand(),
  test: async () => (await import("./commands/test.ts")).testCommand(),
  completion: async () => (await import("./commands/completion.ts")).completionCommand(allCommands),
};

function allCommands(): Promise<Command[]> {
  return Promise.all(Object.values(COMMANDS).map((make) => make()));
}

// The launcher passes the name that it was called by: a path, or two words for a plug-in such as `kubectl kyc`.
const calledAs = process.env["KYC_CALLED_AS"] || (RELEASED ? basename(process.execPath) : "./kyc");
setInvocation({ program: calledAs.includes("/") ? shellWord(calledAs) : calledAs, place: [] });
delete process.env["KYC_CALLED_AS"];

const kyc = new Command("kyc")
  .version(version)
  .description("Moves live traffic between versions of a service on Knative and Istio.")
  .hook("preAction", (_, command) => completePlace(command));

const help = {
  helpWidth: Math.min(process.stdout.columns ?? 100, 100),
  /** An option's text, without defaults such as `false`. */
  optionDescription: (option: Option): string =>
    new Help().optionDescription(option).replace(/ \(default: (?:false|""|\[\]|\{\})\)$/, ""),
};

// Only the help and the advice for a mistyped name need all commands.
const [, , first = ""] = process.argv;
const own = Object.hasOwn(COMMANDS, first) ? COMMANDS[first] : undefined;
for (const command of own === undefined ? await allCommands() : [await own()]) kyc.addCommand(command);

for (const command of [kyc, ...kyc.commands, ...kyc.commands.flatMap(({ commands }) => commands)])
  command
    .configureHelp(help)
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => print(withProgramName(text.replace(/\n$/, ""))),
      writeErr: (text) => printMessage(withProgramName(text.replace(/\n$/, ""))),
    });

try {
  await kyc.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

function exitCodeOf(error: unknown): number {
  // Commander has already written its message; help and version are not failures.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof Failure) {
    printMessage(printable(error.message));
    return error.exitCode;
  }
  if (error instanceof InvalidManifests) {
    printMessage(printable(error.message));
    return EXIT.failed;
  }
  throw error;
}
