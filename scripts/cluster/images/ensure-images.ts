import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Type from "typebox";
import { Check } from "typebox/schema";
import type { Kube } from "../kube/client.ts";
import { minikubeProfiles } from "../minikube.ts";
import type { Programs, RunOptions } from "../programs.ts";
import { Interrupted, UserError } from "../user-error.ts";
import { type Builder, type BuilderName, builderNamed, BUILDERS } from "./builders.ts";
import { chooseDelivery, type Delivery, isRegistry } from "./delivery.ts";
import { type FunctionImage, functionImages } from "./image-tag.ts";

export interface EnsureImagesOptions {
  /** The project's folder, which holds the Dockerfile and `functions/`. */
  root: string;
  programs: Programs;
  /** `KYC_IMAGE_PREFIX`, `KYC_IMAGE_TAG`, `KYC_IMAGE_LOAD` and `KYC_BUILD_ARGS` are read. */
  env: Readonly<Record<string, string | undefined>>;
  /** The cluster that needs the images; without one they are only built, or pushed. */
  kube: Kube | undefined;
  /** @default the first that works here */
  builder?: BuilderName | undefined;
  signal?: AbortSignal | undefined;
  /** Reports the progress of a function's image; `passing` is the current output of the program. */
  onProgress?(name: string, what: string, passing?: string): void;
}

/** The names of the images, by the environment. */
export function imagesOf(
  root: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<FunctionImage[]> {
  return functionImages(root, prefixOf(env), env["KYC_IMAGE_TAG"] || undefined);
}

/**
 * Makes sure that every node has the images of all functions: builds and loads the missing ones. An image with a tag
 * of the user's own is always built, since the tag does not identify the content.
 * @throws UserError if a program is missing or fails
 */
export async function ensureImages(options: EnsureImagesOptions): Promise<FunctionImage[]> {
  const { root, env, onProgress } = options;
  const images = await imagesOf(root, env);
  const missing = await missingImages(images, options);
  for (const { name } of images.filter((image) => !missing.includes(image)))
    onProgress?.(name, "on every node already");
  if (missing.length === 0) return images;
  const { builder, delivery } = await waysFor(options);
  for (const image of missing) await buildAndBring(image, builder, delivery, options);
  return images;
}

/** The images that have to be built. */
export async function missingImages(
  images: readonly FunctionImage[],
  { kube, env }: Pick<EnsureImagesOptions, "kube" | "env">,
): Promise<FunctionImage[]> {
  if (kube === undefined || env["KYC_IMAGE_TAG"]) return [...images];
  const present = await imagesOnNodes(kube);
  return images.filter(({ image }) => !present.has(image));
}

/**
 * Chooses how images are built and loaded.
 * @throws UserError if there is no method; the message lists the possible ones
 */
export async function waysFor(
  options: EnsureImagesOptions,
): Promise<{ builder: Builder; delivery: Delivery }> {
  const { programs, env, kube } = options;
  const prefix = prefixOf(env);
  const context = kube?.connection.context;
  const isMinikube = context !== undefined && (await minikubeProfiles(programs)).includes(context);
  const builder = await chooseBuilder(options, isMinikube ? context : undefined);
  const load = env["KYC_IMAGE_LOAD"];
  const delivery = chooseDelivery({ prefix, load, context, isMinikube, builder });
  const loader = delivery.command?.("", "")[0] ?? "";
  const get = LOADERS[loader];
  if (get !== undefined && !programs.has(loader))
    throw new UserError(`${loader}, which loads images into ${delivery.to}, is not on the PATH: ${get}`);
  return { builder, delivery };
}

/** Programs that load images into their own clusters, and where to get them. */
const LOADERS: Readonly<Record<string, string>> = {
  kind: "https://kind.sigs.k8s.io/docs/user/quick-start",
  k3d: "https://k3d.io/stable/#installation",
};

async function chooseBuilder(
  { builder: wanted, programs, env }: EnsureImagesOptions,
  profile: string | undefined,
): Promise<Builder> {
  if (wanted !== undefined) {
    const builder = builderNamed(wanted, profile ?? "minikube");
    if (await builder.works(programs)) return builder;
    throw new UserError(
      `${wanted} does not work here: it is not on the PATH, or its engine does not run. Without --builder, ./kyc images uses the first builder that works.`,
    );
  }
  // minikube builds in its own node. For a registry, a builder with the user's login is better.
  const inNode = profile !== undefined && !isRegistry(prefixOf(env));
  for (const name of BUILDERS) {
    if (name === "minikube" && !inNode) continue;
    const builder = builderNamed(name, profile ?? "minikube");
    if (await builder.works(programs)) return builder;
  }
  throw new UserError(
    [
      "Images have to be built, and no image builder was found. Install one of these:",
      "  minikube  builds in its own node: https://minikube.sigs.k8s.io/docs/start (for a minikube context)",
      "  docker    with its engine running: https://docs.docker.com/get-docker",
      "  podman    https://podman.io/docs/installation",
      "  buildah   https://github.com/containers/buildah/blob/main/install.md (Linux)",
    ].join("\n"),
  );
}

async function buildAndBring(
  { name, image }: FunctionImage,
  builder: Builder,
  delivery: Delivery,
  options: EnsureImagesOptions,
): Promise<void> {
  const { root, programs, env, onProgress } = options;
  const extra = (env["KYC_BUILD_ARGS"] ?? "").split(/\s+/).filter((word) => word !== "");
  const step = async (what: string, command: readonly string[]): Promise<string> => {
    onProgress?.(name, what);
    return run(command, options, (line) => onProgress?.(name, what, line));
  };
  const said = await step(
    `building with ${builder.name}`,
    await builder.build({ root, name, image, extra }, programs),
  );
  if (builder.name === "minikube") await seenInNode(image, said, options);
  if (delivery.command !== undefined) {
    const folder = delivery.fromArchive ? await mkdtemp(join(tmpdir(), "kyc-image-")) : "";
    const archive = join(folder, "image.tar");
    try {
      if (delivery.fromArchive && builder.save) await step("saving", builder.save(image, archive));
      await step(`bringing to ${delivery.to}`, delivery.command(image, archive));
    } finally {
      if (folder !== "") await rm(folder, { recursive: true, force: true });
    }
  }
  onProgress?.(
    name,
    `built with ${builder.name}, ${delivery.command ? "brought to" : "it is"} ${delivery.to}`,
  );
}

/** Checks that the image exists: `minikube image build` may exit with 0 although the build failed. */
async function seenInNode(image: string, said: string, options: EnsureImagesOptions): Promise<void> {
  const profile = options.kube?.connection.context ?? "minikube";
  const listed = await run(["minikube", "image", "ls", "-p", profile], options);
  if (!listed.split(/\s+/).some((name) => name === image || name.endsWith(`/${image}`)))
    throw new UserError(
      `minikube finished its build, but ${image} is not in its node. Its output:\n${lastLines(said)}`,
    );
}

async function run(
  command: readonly string[],
  { programs, root, signal }: EnsureImagesOptions,
  onLine?: RunOptions["onLine"],
): Promise<string> {
  const { code, out, err } = await programs.run(command, { signal, onLine });
  if (signal?.aborted) throw new Interrupted("interrupted");
  const said = `${out}\n${err}`;
  if (code === 0) return said;
  const line = command.join(" ").replace(` ${root}`, " .");
  throw new UserError(`${line} failed (exit code ${code}):\n${lastLines(said)}`);
}

function lastLines(text: string): string {
  return text.trim().split("\n").slice(-15).join("\n");
}

function prefixOf(env: Readonly<Record<string, string | undefined>>): string {
  return (env["KYC_IMAGE_PREFIX"] || "dev.local/kyc").replace(/\/+$/, "");
}

const WithImages = Type.Object({
  status: Type.Object({
    images: Type.Optional(Type.Array(Type.Object({ names: Type.Optional(Type.Array(Type.String())) }))),
  }),
});

/**
 * Returns the images that every node has. A node lists only its largest images, so an unlisted one may exist; it is
 * then built and loaded again, which is harmless.
 */
export async function imagesOnNodes(kube: Kube): Promise<ReadonlySet<string>> {
  const { items } = await kube.list({ apiVersion: "v1", kind: "Node" });
  const [first = new Set<string>(), ...others] = items.map((node) => {
    const images = Check(WithImages, node) ? (node.status.images ?? []) : [];
    return new Set(images.flatMap(({ names = [] }) => names));
  });
  return new Set([...first].filter((image) => others.every((node) => node.has(image))));
}
