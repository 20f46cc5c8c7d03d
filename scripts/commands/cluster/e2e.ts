import { Command } from "commander";
import type { PlatformContext } from "../../cluster/platform/platform-context.ts";
import type { CheckResult } from "../../cluster/verify/check.ts";
import { EXIT, Failure } from "../../exit.ts";
import { confirmRemoteChange } from "./confirm.ts";
import { type ClusterFlags, withClusterOptions, withTimeout } from "../options/cluster-options.ts";
import { platformContext } from "./platform-context.ts";
import { onCluster, untilInterrupted } from "./on-cluster.ts";
import { print, printMessage } from "../../text/print.ts";
import { printData } from "../../text/data.ts";

interface E2eFlags extends ClusterFlags {
  ingress?: string;
  only?: string;
  list: boolean;
  keep: boolean;
  yes: boolean;
  timeout: number;
}

/** `kyc e2e`: the end-to-end test on a cluster. */
export function e2eCommand(): Command {
  const command = new Command("e2e")
    .description(
      "deploys the system, tests it on the cluster under load, and removes it; prints a table of figures",
    )
    .option("--ingress <url>", "the address of the ingress gateway (default: detected)")
    .option(
      "--only <text>",
      "runs only the scenarios whose names contain this, and keeps the deployed objects",
    )
    .option("--list", "lists the scenarios, and runs none", false)
    .option("--keep", "keeps what was deployed", false)
    .option("-y, --yes", "does not ask before it changes the cluster of the current context", false)
    .addHelpText(
      "after",
      `
Examples:
  ./kyc e2e                            all scenarios, on a cluster that ./kyc up prepared
  ./kyc e2e --list                     the scenarios
  ./kyc e2e --only "splits by"         those whose names contain this
  ./kyc e2e --keep -o json             the table as data; keeps what was deployed

Changes weights, applies overlays, deletes a pod, and at the end removes all objects labelled\napp.kubernetes.io/managed-by=kyc. Istio and Knative stay.
Load goes to the ingress gateway only. Exits with 1 if a check fails.`,
    )
    .action((flags: E2eFlags) =>
      onCluster(
        () => runE2eCommand(flags),
        "The deployed objects remain. Run ./kyc e2e again, or remove them with ./kyc down --keep-platform.",
      ),
    );
  return withTimeout(withClusterOptions(command), "how long the removal of one object may take", "3m");
}

async function runE2eCommand(flags: E2eFlags): Promise<void> {
  const { runE2e, scenarios } = await import("../../e2e/e2e.ts");
  const names = scenarios({ only: flags.only, keep: flags.keep }).map(({ name }) => name);
  if (names.length === 0)
    throw new Failure(noSuchScenario(flags, scenarios({ only: undefined, keep: false })), EXIT.usage);
  if (flags.list && flags.output !== undefined) return await printData(names, flags.output);
  if (flags.list) return print(names.join("\n"));
  const [{ takeBack }, { drawChecks }, { styleFor }] = await Promise.all([
    import("../../e2e/remove-deployed.ts"),
    import("../../terminal/cluster/draw-checks.ts"),
    import("../../terminal/style.ts"),
  ]);
  const { namespace, ingress, only, keep } = flags;
  const platform = await platformContext(flags, untilInterrupted());
  await confirm(flags, platform);
  const results = await runE2e({
    kube: platform.kube(),
    root: flags.dir,
    env: process.env,
    namespace,
    ingress,
    only,
    keep,
    signal: platform.signal,
    onProgress: (what) => printMessage(what),
    onResults: tellFailures,
    takeBack: () => takeBack(platform, namespace),
  });
  if (flags.output !== undefined) await printData(results, flags.output);
  else print(drawChecks(results, styleFor(process.stdout)).join("\n"));
  if (results.some(({ ok }) => !ok)) process.exitCode = EXIT.failed;
}

async function confirm({ yes, context, namespace }: E2eFlags, platform: PlatformContext): Promise<void> {
  if (yes || context !== undefined) return;
  const todo = `run the end-to-end test in namespace ${namespace}`;
  const { connection } = platform.kube();
  await confirmRemoteChange({ connection, todo, command: "./kyc e2e", signal: platform.signal });
}

/** Reports a failed check at once, because the table comes only at the end of a run of minutes. */
function tellFailures(results: readonly CheckResult[]): void {
  for (const { ok, name, expected, seen } of results)
    if (!ok) printMessage(`  FAILED  ${name}: expected ${expected}, seen ${seen}`);
}

function noSuchScenario({ only }: E2eFlags, all: readonly { name: string }[]): string {
  return [`No scenario has "${only}" in its name. There are:`, ...all.map(({ name }) => `  ${name}`)].join(
    "\n",
  );
}
