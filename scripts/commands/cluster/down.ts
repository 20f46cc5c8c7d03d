import { Command, Option } from "commander";
import type { PlatformContext } from "../../cluster/platform/platform-context.ts";
import type { Step, StepView } from "../../cluster/platform/step.ts";
import { EXIT, Failure } from "../../exit.ts";
import { withTimeout } from "../options/cluster-options.ts";
import { platformContext } from "./platform-context.ts";
import { runShownSteps } from "./run-shown-steps.ts";
import { dirOption, namespaceOption } from "../options/place-options.ts";
import { onCluster, untilInterrupted } from "./on-cluster.ts";
import { OUTPUT_FORMATS, printData, type OutputFormat } from "../../text/data.ts";

interface DownFlags {
  context?: string;
  namespace: string;
  dir: string;
  keepPlatform: boolean;
  cluster: boolean;
  profile?: string;
  timeout: number;
  dryRun: boolean;
  yes: boolean;
  output?: OutputFormat;
}

/** `kyc down`: removes only what `up` and `deploy` created. */
export function downCommand(): Command {
  const command = new Command("down")
    .description("removes only what up and deploy created")
    .option("--context <name>", "a kubeconfig context (default: the current one)")
    .addOption(namespaceOption())
    .addOption(dirOption())
    .option("--keep-platform", "removes the deployed objects, and keeps Istio and Knative", false)
    .addOption(
      new Option("--cluster", "deletes the whole minikube profile").default(false).conflicts("keepPlatform"),
    )
    .option(
      "--profile <name>",
      "the minikube profile for --cluster (default: that of the context, or minikube)",
    )
    .option("--dry-run", "shows what would be removed, and removes nothing", false)
    .option("-y, --yes", "removes without asking", false)
    .addOption(new Option("-o, --output <format>", "the steps as data").choices(OUTPUT_FORMATS))
    .addHelpText(
      "after",
      `
Examples:
  ./kyc down --dry-run           what would be removed
  ./kyc down --keep-platform     the services only
  ./kyc down --yes               also Istio and Knative, if ./kyc up installed them
  ./kyc down --cluster           the whole minikube profile

Removed are objects with the label app.kubernetes.io/managed-by=kyc, and the parts of the platform that ./kyc up has
written down in the ConfigMap kube-system/kyc-platform. What was there before stays, or gets its old value back.`,
    )
    .action((flags: DownFlags) => onCluster(() => runDown(flags), "To continue, run ./kyc down again."));
  return withTimeout(command, "the time limit of a step", "10m");
}

async function runDown(flags: DownFlags): Promise<void> {
  const signal = untilInterrupted();
  const platform = await platformContext(flags, signal);
  const views = await runShownSteps(await stepsOf(flags, platform), platform, {
    dryRun: flags.dryRun,
    confirm: (due) => confirm(due, flags, platform),
  });
  if (flags.output !== undefined) {
    const data = views.map(({ name, title, state, detail }) => ({ name, title, state, detail }));
    await printData(data, flags.output);
  }
}

async function stepsOf(flags: DownFlags, platform: PlatformContext): Promise<readonly Step[]> {
  const [{ profileStep, removalSteps }, { minikubeProfiles }] = await Promise.all([
    import("../../cluster/platform/steps/down.ts"),
    import("../../cluster/minikube.ts"),
  ]);
  if (!flags.cluster) return removalSteps(platform, flags);
  if (flags.profile !== undefined) return [profileStep(flags.profile)];
  const { context } = await contextOf(platform);
  if (context === undefined) return [profileStep("minikube")];
  if ((await minikubeProfiles(platform.programs)).includes(context)) return [profileStep(context)];
  throw new Failure(
    `The context ${context} does not belong to a minikube profile. Name the profile to delete: ./kyc down --cluster --profile NAME`,
    EXIT.usage,
  );
}

async function contextOf(platform: PlatformContext): Promise<{ context: string | undefined }> {
  try {
    return { context: platform.kube().connection.context };
  } catch {
    return { context: platform.context };
  }
}

/** Asks before parts of the platform are removed. Without a terminal, running the command is the confirmation. */
async function confirm(
  due: readonly StepView[],
  { yes, dryRun }: DownFlags,
  platform: PlatformContext,
): Promise<void> {
  const parts = due.filter(({ name }) => name !== "deployed");
  if (yes || dryRun || parts.length === 0) return;
  const { ask } = await import("../../terminal/ask.ts");
  const { context } = await contextOf(platform);
  const named = parts.map(({ title, detail, name }) => (name === "cluster" ? detail : title)).join(", ");
  const question = `To be removed${context === undefined ? "" : ` from ${context}`}: ${named}. Go on?`;
  const answer = await ask(question, {
    input: process.stdin,
    output: process.stderr,
    signal: platform.signal,
  });
  if (answer === false) throw new Failure("Nothing was removed.");
}
