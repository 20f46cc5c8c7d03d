import { Command, CommanderError } from "commander";
import { benchCommand } from "./commands/bench.ts";
import { deployCommand } from "./commands/cluster/deploy.ts";
import { devCommand } from "./commands/mesh/dev.ts";
import { downCommand } from "./commands/cluster/down.ts";
import { e2eCommand } from "./commands/cluster/e2e.ts";
import { equalCommand } from "./commands/dialects/equal.ts";
import { faultCommand } from "./commands/mesh/fault.ts";
import { imagesCommand } from "./commands/cluster/images.ts";
import { judgeCommand } from "./commands/judge.ts";
import { loadCommand } from "./commands/mesh/load.ts";
import { lintCommand } from "./commands/dialects/lint.ts";
import { logsCommand } from "./commands/cluster/logs.ts";
import { rolloutCommand } from "./commands/rollout.ts";
import { splitCommand } from "./commands/split.ts";
import { renderCommand } from "./commands/dialects/render.ts";
import { statusCommand } from "./commands/cluster/status.ts";
import { testCommand } from "./commands/test.ts";
import { upCommand } from "./commands/cluster/up.ts";
import { verifyCommand } from "./commands/cluster/verify.ts";
import { EXIT, Failure } from "./exit.ts";
import { InvalidManifests } from "./manifests/problem.ts";

const kyc = new Command("kyc")
  .description("Moves live traffic between versions of a service on Knative and Istio.")
  .configureHelp({ helpWidth: Math.min(process.stdout.columns ?? 100, 100), showGlobalOptions: true })
  .addCommand(devCommand())
  .addCommand(loadCommand())
  .addCommand(faultCommand())
  .addCommand(upCommand())
  .addCommand(downCommand())
  .addCommand(imagesCommand())
  .addCommand(deployCommand())
  .addCommand(verifyCommand())
  .addCommand(e2eCommand())
  .addCommand(statusCommand())
  .addCommand(splitCommand())
  .addCommand(rolloutCommand())
  .addCommand(logsCommand())
  .addCommand(lintCommand())
  .addCommand(renderCommand())
  .addCommand(equalCommand())
  .addCommand(judgeCommand())
  .addCommand(benchCommand())
  .addCommand(testCommand());

for (const command of [kyc, ...kyc.commands, ...kyc.commands.flatMap(({ commands }) => commands)])
  command.exitOverride().showSuggestionAfterError();

try {
  await kyc.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

function exitCodeOf(error: unknown): number {
  // Commander has written its message already; help and version are no failures.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof Failure) {
    console.error(error.message);
    return error.exitCode;
  }
  if (error instanceof InvalidManifests) {
    console.error(error.message);
    return EXIT.failed;
  }
  throw error;
}
