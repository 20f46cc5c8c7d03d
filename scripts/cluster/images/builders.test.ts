import { describe, expect, test } from "bun:test";
import { PROJECT } from "../../project.ts";
import { FakePrograms } from "../testing/fake-programs.ts";
import { type BuilderName, builderNamed } from "./builders.ts";

const IMAGE = "dev.local/kyc/credit-check:0123456789abcdef";
const BUILD = { root: PROJECT, name: "credit-check", image: IMAGE, extra: ["--network=host"] };

async function commandOf(name: BuilderName, programs = new FakePrograms({})): Promise<string> {
  const command = await builderNamed(name, "p1").build(BUILD, programs);
  return command.join(" ").replace(PROJECT, "ROOT");
}

describe("a build", () => {
  test.each([
    [
      "docker",
      `docker build -t ${IMAGE} --build-arg FUNCTION=credit-check --build-arg VERSION=0123456789abcdef --network=host ROOT`,
    ],
    [
      "podman",
      `podman build -t ${IMAGE} --build-arg FUNCTION=credit-check --build-arg VERSION=0123456789abcdef --network=host ROOT`,
    ],
    [
      "minikube",
      `minikube image build -p p1 -t ${IMAGE} --build-opt=build-arg=FUNCTION=credit-check --build-opt=build-arg=VERSION=0123456789abcdef --network=host ROOT`,
    ],
  ] as const)("with %s", async (name, command) => {
    expect(await commandOf(name)).toBe(command);
  });

  test("with buildah keeps layers, needs no privileges, and asks no registry for a base that is there", async () => {
    const rest = `-t ${IMAGE} --build-arg FUNCTION=credit-check --build-arg VERSION=0123456789abcdef --network=host ROOT`;
    expect(await commandOf("buildah", new FakePrograms({ buildah: { code: 1 } }))).toBe(
      `buildah bud --layers --isolation chroot ${rest}`,
    );
    const offline = new FakePrograms({ "buildah inspect": "{}" });
    expect(await commandOf("buildah", offline)).toBe(
      `buildah bud --layers --isolation chroot --pull-never ${rest}`,
    );
    const version = (await Bun.file(`${PROJECT}/.bun-version`).text()).trim();
    expect(offline.calls).toEqual([`buildah inspect --type image docker.io/oven/bun:${version}-slim`]);
  });
});

describe("a builder", () => {
  test.each([
    ["docker", "docker info", false],
    ["docker", "docker info", true],
    ["podman", "podman info", true],
    ["buildah", "buildah --version", true],
    ["minikube", "minikube version", true],
  ] as const)("%s works when `%s` does: %p", async (name, probe, works) => {
    const programs = new FakePrograms({ [probe]: works ? "" : { code: 1, err: "no engine" } });
    expect(await builderNamed(name, "p1").works(programs)).toBe(works);
  });

  test("that does not exist does not work, and is not called", async () => {
    const programs = new FakePrograms({});
    expect(await builderNamed("docker", "p1").works(programs)).toBe(false);
    expect(programs.calls).toEqual([]);
  });

  test.each([
    ["docker", `docker save -o i.tar ${IMAGE}`, `docker push ${IMAGE}`],
    ["podman", `podman save --format docker-archive -o i.tar ${IMAGE}`, `podman push ${IMAGE}`],
    ["buildah", `buildah push ${IMAGE} docker-archive:i.tar:${IMAGE}`, `buildah push ${IMAGE}`],
    ["minikube", undefined, `minikube image push -p p1 ${IMAGE}`],
  ] as const)("%s saves and pushes", (name, save, push) => {
    const builder = builderNamed(name, "p1");
    expect(builder.save?.(IMAGE, "i.tar").join(" ")).toBe(save);
    expect(builder.push(IMAGE).join(" ")).toBe(push);
  });
});
