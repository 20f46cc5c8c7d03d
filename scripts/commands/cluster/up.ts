import { Command, InvalidArgumentError, Option } from "commander";
import type { PlatformContext } from "../../cluster/platform/platform-context.ts";
import type { Step, StepView } from "../../cluster/platform/step.ts";
import { PLATFORM } from "../../cluster/platform/versions.ts";
import { PROJECT } from "../../project.ts";
import { confirmRemoteChange } from "./confirm.ts";
import { withTimeout } from "./options.ts";
import { platformContext } from "./platform-context.ts";
import { onCluster, untilInterrupted } from "./on-cluster.ts";

export interface UpFlags {
  context?: string;
  namespace: string;
  ingress?: string;
  profile: string;
  cpus: number;
  memory: string;
  kubernetesVersion: string;
  timeout: number;
  dryRun: boolean;
  yes: boolean;
  output?: "json";
}

/** What follows when the platform is ready and the images are on the nodes. */
export interface Sequel {
  steps(flags: UpFlags): Promise<readonly Step[]>;
  /** What to tell at the end: addresses, a command to try. */
  next(platform: PlatformContext, flags: UpFlags): Promise<readonly string[]>;
}

/**
 * `kyc up`: from a laptop to a running system, each step only where it is not so.
 * @param sequel what comes after the platform: deploying and verifying
 */
export function upCommand(sequel: Sequel = NOTHING_MORE): Command {
  const { kubernetes, istio, serving } = PLATFORM;
  const command = new Command("up")
    .description(
      "a cluster with Istio, Knative Serving, the images and the services: each step only where it is not so",
    )
    .option(
      "--context <name>",
      "a kubeconfig context; no minikube is started then (default: the current one)",
    )
    .option("-n, --namespace <name>", "the namespace of the system", "kyc")
    .option("--ingress <url>", "the address of the ingress gateway (default: found by trying)")
    .option("--profile <name>", "the minikube profile to start where no cluster answers", "minikube")
    .option("--cpus <number>", "the CPUs of a new minikube profile", wholeNumber, 4)
    .option("--memory <size>", "the memory of a new minikube profile", "8g")
    .option("--kubernetes-version <version>", "the version of a new minikube profile", kubernetes.install)
    .option("--dry-run", "looks at each step, and changes nothing", false)
    .option("-y, --yes", "changes the current context without asking, wherever it is", false)
    .addOption(new Option("-o, --output <format>", "the steps as data").choices(["json"]))
    .addHelpText(
      "after",
      `
Examples:
  ./kyc up                                    on the current context; where none answers, on a new minikube
  ./kyc up --dry-run                          what is there, and what would be done
  ./kyc up --cpus 6 --memory 12g              with a larger minikube
  ./kyc up --context kind-lab                 on a cluster that runs
  KYC_PLATFORM_DIR=~/releases ./kyc up        with released files of your own, for a network without GitHub

Installed are Kubernetes ${kubernetes.install} (by minikube), Istio (by the istioctl on your PATH; ${istio.install} suits), Knative
Serving ${serving.install} and its layer for Istio, each where it is missing. Tested are Kubernetes ${kubernetes.range.from} to ${kubernetes.range.to}, Istio ${istio.range.from} to
${istio.range.to} and Knative ${serving.range.from} to ${serving.range.to}; anything else is a warning. Run it again after an interruption: what is done is skipped.`,
    )
    .action((flags: UpFlags) =>
      onCluster(
        () => runUp(flags, sequel),
        "Run ./kyc up again to go on; what is done is skipped. ./kyc down takes it back.",
      ),
    );
  return withTimeout(command, "how long a step may take to become ready", "10m");
}

async function runUp(flags: UpFlags, sequel: Sequel): Promise<void> {
  const signal = untilInterrupted();
  const [{ platformSteps }, { runSteps }, { StepList }] = await Promise.all([
    import("../../cluster/platform/up.ts"),
    import("../../cluster/platform/run-steps.ts"),
    import("../../terminal/step-list.ts"),
  ]);
  const platform = await platformContext(flags, signal);
  const steps = [...platformSteps({ root: PROJECT, ...flags }), ...(await sequel.steps(flags))];
  const list = new StepList(process.stderr, { dryRun: flags.dryRun });
  let views: StepView[];
  try {
    views = await runSteps(steps, platform, {
      onSteps: list.show,
      dryRun: flags.dryRun,
      confirm: (due) => {
        list.leave();
        return confirm(due, flags, platform);
      },
    });
  } finally {
    list.end();
  }
  if (flags.output === "json") console.log(JSON.stringify(views.map(asData), undefined, 2));
  if (!flags.dryRun) for (const line of await sequel.next(platform, flags)) console.error(line);
}

/** A cluster of the user's own is changed without asking, and so is one that the user has named. */
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

const NOTHING_MORE: Sequel = {
  steps: async () => [],
  next: async (platform) => [`The platform is ready: context ${platform.kube().connection.context}.`],
};

function wholeNumber(text: string): number {
  if (!/^[1-9][0-9]{0,3}$/.test(text)) throw new InvalidArgumentError("A whole number is expected.");
  return Number(text);
}
