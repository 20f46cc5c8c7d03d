import { Command, Option } from "commander";
import type { BuilderName } from "../../cluster/images/builders.ts";
import type { Kube } from "../../cluster/kube/client.ts";
import { dirOption } from "../options/place-options.ts";
import { onCluster, untilInterrupted } from "./on-cluster.ts";
import { print, printMessage } from "../../text/print.ts";
import { OUTPUT_FORMATS, printData, type OutputFormat } from "../../text/data.ts";

interface ImagesOptions {
  builder?: BuilderName;
  context?: string;
  dir: string;
  output?: OutputFormat;
}

/** `kyc images`: builds the images that the cluster lacks, and loads or pushes them. */
export function imagesCommand(): Command {
  return new Command("images")
    .description("builds the services' images, and loads them into the cluster or pushes them to a registry")
    .addOption(
      new Option(
        "--builder <name>",
        "the program that builds (default: the first one that works here)",
      ).choices(["minikube", "docker", "podman", "buildah"]),
    )
    .option("--context <name>", "the kubeconfig context of the cluster (default: the current one)")
    .addOption(dirOption())
    .addOption(new Option("-o, --output <format>", "the images as data").choices(OUTPUT_FORMATS))
    .addHelpText(
      "after",
      `
Examples:
  ./kyc images                                              into the cluster of the current context
  KYC_IMAGE_PREFIX=registry.example.com/kyc ./kyc images    to a registry that the nodes can reach
  KYC_IMAGE_LOAD=./load-image ./kyc images                  with your own command, which gets the name of each image
  KYC_BUILD_ARGS=--network=host ./kyc images                with additional arguments for the builder
  KYC_IMAGE_TAG=trial ./kyc images                          with a given tag

The tag is a hash of the image's content: an image that every node has is neither built nor loaded again.`,
    )
    .action((options: ImagesOptions) => onCluster(() => runImages(options)));
}

async function runImages(options: ImagesOptions): Promise<void> {
  const signal = untilInterrupted();
  const [{ ensureImages }, { programs }, { ImageLines }] = await Promise.all([
    import("../../cluster/images/ensure-images.ts"),
    import("../../cluster/programs.ts"),
    import("../../terminal/cluster/image-lines.ts"),
  ]);
  const kube = await clusterOf(options.context);
  if (kube === undefined)
    printMessage("No cluster is reachable: images are built or pushed, but not loaded.");
  const lines = new ImageLines(process.stderr);
  try {
    const images = await ensureImages({
      root: options.dir,
      programs,
      env: process.env,
      kube,
      builder: options.builder,
      signal,
      onProgress: lines.show,
    });
    lines.end();
    if (options.output !== undefined) await printData(images, options.output);
    else for (const { name, image } of images) print(`${name} ${image}`);
  } finally {
    lines.end();
  }
}

/** The cluster, if there is one. Only a cluster that the user named must be reachable. */
async function clusterOf(context: string | undefined): Promise<Kube | undefined> {
  const [{ Unreachable }, { NoCluster }, { kubeOfContext }] = await Promise.all([
    import("../../cluster/kube/connection.ts"),
    import("../../cluster/kubeconfig/kubeconfig.ts"),
    import("../../cluster/kube/kube-of-context.ts"),
  ]);
  try {
    const kube = kubeOfContext(context);
    await kube.list({ apiVersion: "v1", kind: "Node" });
    return kube;
  } catch (error) {
    if (context === undefined && (error instanceof NoCluster || error instanceof Unreachable))
      return undefined;
    throw error;
  }
}
