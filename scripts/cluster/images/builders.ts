import type { Programs } from "../programs.ts";

/** The inputs of an image build. */
export interface Build {
  /** The folder of the Dockerfile. */
  root: string;
  /** The function's name. */
  name: string;
  image: string;
  /** The user's own arguments of the builder. */
  extra: readonly string[];
}

/** A program that builds images, by its command lines. */
export interface Builder {
  readonly name: BuilderName;
  /** Whether it works on this machine: it may be installed without a running engine. */
  works(programs: Programs): Promise<boolean>;
  build(build: Build, programs: Programs): Promise<string[]>;
  /** Writes an image into a docker archive; undefined if the image is in the cluster already. */
  save: ((image: string, archive: string) => string[]) | undefined;
  push(image: string): string[];
}

export type BuilderName = "minikube" | "docker" | "podman" | "buildah";

/** All builders, in the order in which they are tried. */
export const BUILDERS: readonly BuilderName[] = ["minikube", "docker", "podman", "buildah"];

/** The builder of this name. @param profile the minikube profile to build in */
export function builderNamed(name: BuilderName, profile: string): Builder {
  switch (name) {
    case "minikube":
      return minikube(profile);
    case "docker":
      return docker;
    case "podman":
      return podman;
    case "buildah":
      return buildah;
  }
}

const docker: Builder = {
  name: "docker",
  works: (programs) => succeeds(programs, "docker", ["info", "--format", "{{.ServerVersion}}"]),
  build: async ({ root, ...build }) => ["docker", "build", ...buildFlags(build), root],
  save: (image, archive) => ["docker", "save", "-o", archive, image],
  push: (image) => ["docker", "push", image],
};

const podman: Builder = {
  name: "podman",
  works: (programs) => succeeds(programs, "podman", ["info"]),
  build: async ({ root, ...build }) => ["podman", "build", ...buildFlags(build), root],
  save: (image, archive) => ["podman", "save", "--format", "docker-archive", "-o", archive, image],
  push: (image) => ["podman", "push", image],
};

const buildah: Builder = {
  name: "buildah",
  works: (programs) => succeeds(programs, "buildah", ["--version"]),
  async build({ root, ...build }, programs) {
    // Caching layers is off by default. `chroot` also works within a container and without privileges; the Dockerfile
    // runs only our own code.
    const flags = ["--layers"];
    if (process.env["BUILDAH_ISOLATION"] === undefined) flags.push("--isolation", "chroot");
    if (await hasBase(root, programs)) flags.push("--pull-never");
    return ["buildah", "bud", ...flags, ...buildFlags(build), root];
  },
  save: (image, archive) => ["buildah", "push", image, `docker-archive:${archive}:${image}`],
  push: (image) => ["buildah", "push", image],
};

function minikube(profile: string): Builder {
  return {
    name: "minikube",
    works: (programs) => succeeds(programs, "minikube", ["version", "--short"]),
    build: async ({ root, name, image, extra }) => {
      const options = buildArguments({ name, image }).map((argument) => `--build-opt=build-arg=${argument}`);
      return ["minikube", "image", "build", "-p", profile, "-t", image, ...options, ...extra, root];
    },
    save: undefined,
    push: (image) => ["minikube", "image", "push", "-p", profile, image],
  };
}

function buildFlags({ name, image, extra }: Omit<Build, "root">): string[] {
  const options = buildArguments({ name, image }).flatMap((argument) => ["--build-arg", argument]);
  return ["-t", image, ...options, ...extra];
}

function buildArguments({ name, image }: { name: string; image: string }): string[] {
  return [`FUNCTION=${name}`, `VERSION=${image.slice(image.lastIndexOf(":") + 1)}`];
}

/** Whether the base image exists already. Its tag is a version, so a newer one is not looked for. */
async function hasBase(root: string, programs: Programs): Promise<boolean> {
  const dockerfile = await Bun.file(`${root}/Dockerfile`).text();
  const base = /^ARG BASE=(\S+)$/m.exec(dockerfile)?.[1];
  return base !== undefined && succeeds(programs, "buildah", ["inspect", "--type", "image", base]);
}

async function succeeds(programs: Programs, program: string, rest: readonly string[]): Promise<boolean> {
  return programs.has(program) && (await programs.run([program, ...rest])).code === 0;
}
