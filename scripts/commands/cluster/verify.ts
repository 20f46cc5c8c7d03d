import { Command, InvalidArgumentError } from "commander";
import { EXIT } from "../../exit.ts";
import { type ClusterFlags, withClusterOptions } from "../options/cluster-options.ts";
import { onCluster, untilInterrupted } from "./on-cluster.ts";
import { print, printMessage } from "../../text/print.ts";
import { printData } from "../../text/data.ts";

interface VerifyFlags extends ClusterFlags {
  ingress?: string;
  requests: number;
}

/** `kyc verify`: checks the running system against its contract. */
export function verifyCommand(): Command {
  const command = new Command("verify")
    .description("checks objects, pods, the contract through the ingress, and the observed split")
    .option("--ingress <url>", "the address of the ingress gateway (default: detected)")
    .option("--requests <number>", "how many requests to send to observe the split", requestCount, 1_000)
    .addHelpText(
      "after",
      `
Examples:
  ./kyc verify                                       on the current context
  ./kyc verify --requests 10000                      with narrower confidence intervals
  ./kyc verify --ingress http://127.0.0.1:8080       through a given address
  ./kyc verify -o json                               as data

Exits with 1 if a check fails.`,
    )
    .action((flags: VerifyFlags) => onCluster(() => runVerify(flags), "Nothing was changed."));
  return withClusterOptions(command);
}

async function runVerify(flags: VerifyFlags): Promise<void> {
  const signal = untilInterrupted();
  const [{ kubeOfContext }, { verify }, { drawChecks }, { styleFor }] = await Promise.all([
    import("../../cluster/kube/kube-of-context.ts"),
    import("../../cluster/verify/verify.ts"),
    import("../../terminal/cluster/draw-checks.ts"),
    import("../../terminal/style.ts"),
  ]);
  const kube = kubeOfContext(flags.context);
  const { namespace, ingress, requests } = flags;
  const results = await verify({
    kube,
    root: flags.dir,
    namespace,
    ingress,
    requests,
    signal,
    onProgress: (what) => printMessage(what),
  });
  if (flags.output !== undefined) await printData(results, flags.output);
  else print(drawChecks(results, styleFor(process.stdout)).join("\n"));
  if (results.some(({ ok }) => !ok)) process.exitCode = EXIT.failed;
}

function requestCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 1_000_000) {
    throw new InvalidArgumentError("A whole number from 1 to 1000000 is expected.");
  }
  return count;
}
