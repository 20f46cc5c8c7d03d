import { Command, InvalidArgumentError, Option } from "commander";
import type { PlatformContext } from "../../cluster/platform/platform-context.ts";
import type { StepView } from "../../cluster/platform/step.ts";
import { PLATFORM } from "../../cluster/platform/versions.ts";
import { confirmRemoteChange } from "./confirm.ts";
import { dirOption, namespaceOption } from "../options/place-options.ts";
import { withTimeout } from "../options/cluster-options.ts";
import { platformContext } from "./platform-context.ts";
import { runShownSteps } from "./run-shown-steps.ts";
import { onCluster, untilInterrupted } from "./on-cluster.ts";
import { printMessage } from "../../text/print.ts";
import { OUTPUT_FORMATS, printData, type OutputFormat } from "../../text/data.ts";

export interface UpFlags {
  context?: string;
  namespace: string;
  dir: string;
  ingress: string | undefined;
  profile: string;
  cpus: number;
  memory: string;
  kubernetesVersion: string;
  timeout: number;
  dryRun: boolean;
  yes: boolean;
  output?: OutputFormat;
}

/** `kyc up`: prepares a cluster and deploys to it. Steps that are done are skipped. */
export function upCommand(): Command {
  const { kubernetes, istio, serving } = PLATFORM;
  const command = new Command("up")
    .description(
      "prepares a cluster: Istio, Knative Serving, images and services; skips the steps that are done",
    )
    .option(
      "--context <name>",
      "a kubeconfig context; then no minikube is started (default: the current one)",
    )
    .addOption(namespaceOption())
    .addOption(dirOption())
    .option("--ingress <url>", "the address of the ingress gateway (default: detected)")
    .option("--profile <name>", "the minikube profile to start if no cluster answers", "minikube")
    .option("--cpus <number>", "the CPUs of a new minikube profile", wholeNumber, 4)
    .option("--memory <size>", "the memory of a new minikube profile", "8g")
    .option("--kubernetes-version <version>", "the version of a new minikube profile", kubernetes.install)
    .option("--dry-run", "shows what each step would do, and changes nothing", false)
    .option("-y, --yes", "does not ask before it changes the cluster of the current context", false)
    .addOption(new Option("-o, --output <format>", "the steps as data").choices(OUTPUT_FORMATS))
    .addHelpText(
      "after",
      `
Examples:
  ./kyc up                                    on the current context, or on a new minikube if no cluster answers
  ./kyc up --dry-run                          what is installed, and what would be done
  ./kyc up --cpus 6 --memory 12g              with a larger minikube
  ./kyc up --context kind-lab                 on a running cluster
  KYC_PLATFORM_DIR=~/releases ./kyc up        with your own copies of the releases, for a network without GitHub

Installed are Kubernetes ${kubernetes.install} (by minikube), Istio (by the istioctl on your PATH; ${istio.install} suits), Knative
Serving ${serving.install} and its layer for Istio, each if it is missing. Tested are Kubernetes ${kubernetes.range.from} to ${kubernetes.range.to}, Istio ${istio.range.from} to
${istio.range.to} and Knative ${serving.range.from} to ${serving.range.to}; anything else is a warning. Run it again after an interruption: finished steps are skipped.`,
    )
    .action((flags: UpFlags) =>
      onCluster(
        () => runUp(flags),
        "Run ./kyc up again to continue; finished steps are skipped. ./kyc down removes everything.",
      ),
    );
  return withTimeout(command, "the time limit of a step", "10m");
}

async function runUp(flags: UpFlags): Promise<void> {
  const signal = untilInterrupted();
  const [{ platformSteps }, { deployStep }, { verifyStep }] = await Promise.all([
    import("../../cluster/platform/steps/up.ts"),
    import("../../cluster/platform/steps/deploy.ts"),
    import("../../cluster/platform/steps/verify.ts"),
  ]);
  const platform = await platformContext(flags, signal);
  const steps = [
    ...platformSteps({ root: flags.dir, ...flags }),
    deployStep({ root: flags.dir, ...flags }),
    verifyStep({ root: flags.dir, ...flags }),
  ];
  const views = await runShownSteps(steps, platform, {
    dryRun: flags.dryRun,
    confirm: (due) => confirm(due, flags, platform),
  });
  if (flags.output !== undefined) await printData(views.map(asData), flags.output);
  if (!flags.dryRun) await printNextSteps(platform, flags);
}

/** A local cluster, or one that the user named, is changed without asking. */
async function confirm(
  due: readonly StepView[],
  { context, yes, dryRun }: UpFlags,
  platform: PlatformContext,
): Promise<void> {
  if (yes || dryRun || context !== undefined || due.some(({ name }) => name === "cluster")) return;
  const todo = due.map(({ title }) => title).join(", ");
  const { connection } = platform.kube();
  await confirmRemoteChange({ connection, todo, command: "./kyc up", signal: platform.signal });
}

async function printNextSteps(platform: PlatformContext, { ingress, dir }: UpFlags): Promise<void> {
  const { findIngress } = await import("../../cluster/ingress.ts");
  const { url } = await findIngress({ kube: platform.kube(), given: ingress });
  const { curlsOf, readChecks } = await import("../../cluster/checks-file.ts");
  const curls = curlsOf(await readChecks(dir), url).map((command) => `\n  ${command}`);
  printMessage(`
The system runs at ${url}${curls.join("")}
  ./kyc status -w          shows what runs, and follows changes
  ./kyc down               removes it all`);
}

function asData({ name, title, state, detail, warnings, tookMs }: StepView): object {
  return {
    name,
    title,
    state,
    detail,
    warnings,
    ...(tookMs === undefined ? {} : { tookMs: Math.round(tookMs) }),
  };
}

function wholeNumber(text: string): number {
  if (!/^[1-9][0-9]{0,3}$/.test(text)) throw new InvalidArgumentError("A whole number is expected.");
  return Number(text);
}
