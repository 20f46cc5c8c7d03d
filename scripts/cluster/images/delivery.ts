import { UserError } from "../user-error.ts";
import type { Builder } from "./builders.ts";

/** How a built image gets to the nodes of the cluster. */
export interface Delivery {
  /** The destination, for messages. */
  to: string;
  /** The command for an image; undefined if building it there was sufficient. */
  command: ((image: string, archive: string) => string[]) | undefined;
  /** Whether the command reads an archive, which must be written first. */
  fromArchive: boolean;
}

export interface DeliveryOptions {
  prefix: string;
  /** The user's own command, with the image as its last argument. */
  load: string | undefined;
  /** The kubeconfig context; undefined without a cluster. */
  context: string | undefined;
  isMinikube: boolean;
  builder: Builder;
}

// Knative resolves no digest for these registries: such images are on the nodes already.
const LOCAL_PREFIXES = ["dev.local", "kind.local", "ko.local"];

// Clusters that run in the same engine that builds.
const SHARED_ENGINES = ["docker-desktop", "orbstack", "rancher-desktop"];

/** Whether images of this prefix are pushed to a registry, from which the nodes pull them. */
export function isRegistry(prefix: string): boolean {
  return !LOCAL_PREFIXES.includes(prefix.split("/")[0] ?? "");
}

/** Chooses the delivery method. @throws UserError if there is none; the message lists all methods */
export function chooseDelivery({ prefix, load, context, isMinikube, builder }: DeliveryOptions): Delivery {
  if (load !== undefined && load.trim() !== "") {
    const words = load.trim().split(/\s+/);
    return by(`the cluster, by ${words[0]}`, (image) => [...words, image]);
  }
  if (isRegistry(prefix)) return by(`the registry ${prefix}`, (image) => builder.push(image));
  if (context === undefined || builder.save === undefined) return stays("where it was built");
  const byDocker = builder.name === "docker";
  if (isMinikube) {
    const command = (what: string): string[] => ["minikube", "image", "load", "-p", context, what];
    return byDocker ? by(context, command) : byArchive(context, command);
  }
  if (context.startsWith("kind-")) {
    const name = ["--name", context.slice("kind-".length)];
    return byDocker
      ? by(context, (image) => ["kind", "load", "docker-image", image, ...name])
      : byArchive(context, (archive) => ["kind", "load", "image-archive", archive, ...name]);
  }
  if (context.startsWith("k3d-")) {
    const command = (what: string): string[] => [
      "k3d",
      "image",
      "import",
      what,
      "-c",
      context.slice("k3d-".length),
    ];
    return byDocker ? by(context, command) : byArchive(context, command);
  }
  if (byDocker && SHARED_ENGINES.includes(context)) return stays(`${context}, which runs what docker builds`);
  throw new UserError(
    [
      `There is no known way to load images onto the nodes of ${context}. Use one of these:`,
      "  a registry that the nodes reach:  KYC_IMAGE_PREFIX=registry.example.com/kyc ./kyc images",
      "  your own command, which gets the image's name:  KYC_IMAGE_LOAD=./load-image ./kyc images",
      "  a cluster of minikube, kind or k3d, which is detected from its context",
    ].join("\n"),
  );
}

function stays(to: string): Delivery {
  return { to, command: undefined, fromArchive: false };
}

function by(to: string, command: (image: string) => string[]): Delivery {
  return { to, command, fromArchive: false };
}

function byArchive(to: string, command: (archive: string) => string[]): Delivery {
  return { to, command: (_, archive) => command(archive), fromArchive: true };
}
