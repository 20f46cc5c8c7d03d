import { describe, expect, test } from "bun:test";
import { UserError } from "../user-error.ts";
import { type BuilderName, builderNamed } from "./builders.ts";
import { chooseDelivery, type DeliveryOptions, isRegistry } from "./delivery.ts";

const IMAGE = "dev.local/kyc/credit-check:1";

function delivery(builder: BuilderName, options: Partial<DeliveryOptions>): string {
  const { command, fromArchive } = chooseDelivery({
    prefix: "dev.local/kyc",
    load: undefined,
    context: undefined,
    isMinikube: false,
    ...options,
    builder: builderNamed(builder, "minikube"),
  });
  const line = command?.(IMAGE, "i.tar").join(" ") ?? "nothing to do";
  return fromArchive ? `save, ${line}` : line;
}

describe("an image is brought", () => {
  test.each([
    ["minikube", "minikube", "nothing to do"],
    ["docker", "minikube", `minikube image load -p minikube ${IMAGE}`],
    ["podman", "minikube", "save, minikube image load -p minikube i.tar"],
    ["buildah", "minikube", "save, minikube image load -p minikube i.tar"],
    ["docker", "kind-lab", `kind load docker-image ${IMAGE} --name lab`],
    ["podman", "kind-lab", "save, kind load image-archive i.tar --name lab"],
    ["docker", "k3d-lab", `k3d image import ${IMAGE} -c lab`],
    ["buildah", "k3d-lab", "save, k3d image import i.tar -c lab"],
    ["docker", "docker-desktop", "nothing to do"],
    ["docker", undefined, "nothing to do"],
  ] as const)("from %s to %s: %s", (builder, context, expected) => {
    expect(delivery(builder, { context, isMinikube: context === "minikube" })).toBe(expected);
  });

  test("to a registry by pushing, whatever the cluster", () => {
    const prefix = "registry.example.com/kyc";
    expect(delivery("docker", { prefix, context: "kind-lab" })).toBe(`docker push ${IMAGE}`);
    expect(delivery("buildah", { prefix })).toBe(`buildah push ${IMAGE}`);
    expect(delivery("minikube", { prefix, context: "minikube", isMinikube: true })).toBe(
      `minikube image push -p minikube ${IMAGE}`,
    );
  });

  test("by the user's own command before anything else", () => {
    expect(delivery("buildah", { load: " ./load  --node a ", context: "minikube", isMinikube: true })).toBe(
      `./load --node a ${IMAGE}`,
    );
    expect(delivery("docker", { load: "  ", context: "kind-lab" })).toStartWith("kind load");
  });

  test("without guesses: if no method is known, all methods are listed", () => {
    const attempt = (): string => delivery("podman", { context: "prod" });
    expect(attempt).toThrow(UserError);
    for (const way of ["prod", "KYC_IMAGE_PREFIX", "KYC_IMAGE_LOAD", "minikube, kind or k3d"])
      expect(attempt).toThrow(way);
    expect(() => delivery("podman", { context: "docker-desktop" })).toThrow(UserError);
  });
});

test.each([
  ["dev.local/kyc", false],
  ["kind.local", false],
  ["ko.local/a/b", false],
  ["registry.example.com/kyc", true],
  ["localhost:5000/kyc", true],
  ["someuser", true],
])("%s is a registry: %p", (prefix, expected) => {
  expect(isRegistry(prefix)).toBe(expected);
});
