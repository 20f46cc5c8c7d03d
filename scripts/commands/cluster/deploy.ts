import { stat } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import type { DeployedFiles } from "../../cluster/deploy/deploy-files.ts";
import { Failure } from "../../exit.ts";
import { type ClusterFlags, withClusterOptions, withTimeout } from "../options/cluster-options.ts";
import { onCluster, untilInterrupted } from "./on-cluster.ts";
import { printMessage } from "../../text/print.ts";
import { printData } from "../../text/data.ts";

export interface DeployFlags extends ClusterFlags {
  istio: string;
  images: boolean;
  lint: boolean;
  forceConflicts: boolean;
  dryRun: boolean;
  ingress?: string;
  timeout: number;
}

/** `kyc deploy`: applies the files to a cluster, and waits until the revisions are ready. */
export function deployCommand(): Command {
  const command = new Command("deploy")
    .description("applies knative/ and istio/ to a cluster, and waits until each revision is ready")
    .option("--istio <folder>", "the folder to apply in addition to knative", "istio")
    .option("--no-images", "uses the images that the nodes have, and builds none")
    .option("--no-lint", "applies the files even if ./kyc lint finds errors in them")
    .option("--force-conflicts", "overwrites fields that another user or tool has set", false)
    .option("--dry-run", "shows what would change on the cluster, and changes nothing", false)
    .option("--ingress <url>", "the address of the ingress gateway (default: detected)")
    .addHelpText(
      "after",
      `
Examples:
  ./kyc deploy                                 to the current context
  ./kyc deploy --dry-run                       what would change
  ./kyc deploy --istio istio/strict            with mutual TLS, and known callers only
  ./kyc deploy --istio istio/split/by-istio    only the split; other routes do not change
  ./kyc deploy --istio next/v3                 the next version, then its share
  ./kyc deploy --force-conflicts               overwrites fields that others have set, such as percentages set by kn

It can be run again at any time: objects that are already as described do not change. A revision is immutable, so a
changed function needs a new revision, in a new file.`,
    )
    .action((flags: DeployFlags) =>
      onCluster(
        () => runDeploy(flags),
        "Objects that were applied remain. To continue, run ./kyc deploy again.",
      ),
    );
  return withTimeout(withClusterOptions(command), "how long a revision may take to become ready", "3m");
}

async function runDeploy(flags: DeployFlags): Promise<void> {
  const signal = untilInterrupted();
  if (flags.lint) await lintFirst(["knative", flags.istio], flags.dir);
  const [{ kubeOfContext }, { describeConflicts }, { deployFiles }, { DeployScreen }] = await Promise.all([
    import("../../cluster/kube/kube-of-context.ts"),
    import("../../cluster/deploy/conflict.ts"),
    import("../../cluster/deploy/deploy-files.ts"),
    import("../../terminal/cluster/deploy-screen.ts"),
  ]);
  const kube = kubeOfContext(flags.context);
  const screen = new DeployScreen(process.stderr);
  let deployed: DeployedFiles;
  try {
    deployed = await deployFiles({
      root: flags.dir,
      kube,
      env: process.env,
      namespace: flags.namespace,
      istio: flags.istio,
      ingress: flags.ingress,
      buildImages: flags.images,
      forceConflicts: flags.forceConflicts,
      dryRun: flags.dryRun,
      timeoutMs: flags.timeout,
      signal,
      events: screen,
    });
  } finally {
    screen.end();
  }
  if (flags.output !== undefined) await printData(asData(deployed), flags.output);
  if (deployed.conflicts.length > 0) throw new Failure(describeConflicts(deployed.conflicts));
  await tellWhatNext(deployed, flags.dir);
}

/**
 * Looks for pitfalls before files are applied.
 * @param folders below the root
 * @throws Failure with the errors among them
 */
async function lintFirst(folders: readonly string[], root: string): Promise<void> {
  const [{ fromHere }, { findIn }] = await Promise.all([
    import("../dialects/read-paths.ts"),
    import("../dialects/lint.ts"),
  ]);
  const paths = folders.map((folder) => fromHere(join(root, folder)));
  // The command itself reports a missing folder, and what it is needed for.
  for (const path of paths) if ((await stat(path).catch(() => undefined)) === undefined) return;
  const findings = await findIn(paths, root);
  const errors = findings.filter(({ severity }) => severity === "error");
  if (errors.length === 0) return;
  const [{ drawFindings }, { PLAIN }] = await Promise.all([
    import("../../terminal/draw-findings.ts"),
    import("../../terminal/style.ts"),
  ]);
  throw new Failure(
    [
      ...drawFindings(errors, PLAIN),
      "Nothing was applied. Fix the problems (./kyc lint lists them, --fix repairs some), or deploy anyway with --no-lint",
    ].join("\n"),
  );
}

function asData({ changes, conflicts, ingress }: DeployedFiles): object {
  return { changes, conflicts, ...(ingress === undefined || ingress instanceof Error ? {} : { ingress }) };
}

async function tellWhatNext({ ingress, routed }: DeployedFiles, root: string): Promise<void> {
  if (ingress === undefined) return;
  if (ingress instanceof Error) {
    printMessage(`\n${ingress.message}`);
    return;
  }
  const { url } = ingress;
  if (!routed) {
    printMessage(
      `\nThe ingress gateway at ${url} does not yet respond as checks.yaml expects; ./kyc verify shows why.`,
    );
    return;
  }
  const { curlsOf, readChecks } = await import("../../cluster/checks-file.ts");
  const commands = [...curlsOf(await readChecks(root), url), "./kyc verify"];
  printMessage(`\nThe ingress gateway answers at ${url}`);
  printMessage(commands.map((command) => `  ${command}`).join("\n"));
}
