import { afterAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KubeObject } from "../kube/kube-object.ts";
import { FakeCluster } from "../testing/fake-cluster.ts";
import { type Answer, FakePrograms } from "../testing/fake-programs.ts";
import { Interrupted, UserError } from "../user-error.ts";
import { ensureImages, type EnsureImagesOptions, imagesOf } from "./ensure-images.ts";

/** A project of two functions that are bundled at once. */
const ROOT = await mkdtemp(join(tmpdir(), "kyc-images-"));
for (const [file, text] of Object.entries({
  Dockerfile: "FROM scratch\n",
  ".bun-version": `${Bun.version}\n`,
  "functions/credit-check/main.ts": "console.log(1);\n",
  "functions/kyc-aggregator/main.ts": "console.log(2);\n",
})) {
  await mkdir(join(ROOT, file, ".."), { recursive: true });
  await writeFile(join(ROOT, file), text);
}
afterAll(() => rm(ROOT, { recursive: true }));

const IMAGES = (await imagesOf(ROOT, {})).map(({ image }) => image);
const [CREDIT_CHECK = "", AGGREGATOR = ""] = IMAGES;

const without = (image: string): string[] => IMAGES.filter((each) => each !== image);

function node(name: string, images: string[]): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name },
    status: { images: [{ names: [...images, "other@sha256:1"] }, {}] },
  };
}

interface Run {
  cluster?: FakeCluster;
  answers?: Record<string, Answer>;
  env?: Record<string, string>;
  options?: Partial<EnsureImagesOptions>;
}

async function ensure({ cluster, answers = { docker: "", kind: "" }, env = {}, options = {} }: Run): Promise<{
  calls: string[];
  told: string[];
  images: string[];
}> {
  const programs = new FakePrograms(answers);
  const told: string[] = [];
  const images = await ensureImages({
    root: ROOT,
    programs,
    env,
    kube: cluster?.kube,
    onProgress: (name, what, passing = "") => told.push(`${name}: ${what} ${passing}`.trim()),
    ...options,
  });
  const calls = programs.calls.filter((call) => / (build|bud|load|push|import|save|ls) ?/.test(call));
  return { calls, told, images: images.map(({ image }) => image) };
}

describe("images", () => {
  test("that every node has are neither built nor loaded", async () => {
    const cluster = new FakeCluster("kind-lab", [node("a", IMAGES), node("b", IMAGES)]);
    const { calls, told, images } = await ensure({ cluster, answers: {} });
    expect(calls).toEqual([]);
    expect(images).toEqual(IMAGES);
    expect(told).toContain("credit-check: on every node already");
    expect(told.every((line) => line.endsWith(": on every node already"))).toBe(true);
    expect(told).toHaveLength(IMAGES.length);
  });

  test("that a node lacks are built and loaded, and no others", async () => {
    const cluster = new FakeCluster("kind-lab", [node("a", IMAGES), node("b", without(AGGREGATOR))]);
    const { calls } = await ensure({ cluster });
    expect(calls).toHaveLength(2);
    expect(calls[0]).toStartWith(`docker build -t ${AGGREGATOR} --build-arg FUNCTION=kyc-aggregator`);
    expect(calls[1]).toBe(`kind load docker-image ${AGGREGATOR} --name lab`);
  });

  test("with a tag of the user's own are always built, because it does not identify the content", async () => {
    const own = IMAGES.map((image) => image.replace(/:.*/, ":dev"));
    expect(own).toContain("dev.local/kyc/credit-check:dev");
    const cluster = new FakeCluster("kind-lab", [node("a", own)]);
    const { calls, images } = await ensure({ cluster, env: { KYC_IMAGE_TAG: "dev" } });
    expect(images).toEqual(own);
    expect(calls).toHaveLength(2 * IMAGES.length);
  });

  test("are only built if there is no cluster", async () => {
    const { calls } = await ensure({});
    expect(calls.map((call) => call.split(" ", 2).join(" "))).toEqual(IMAGES.map(() => "docker build"));
  });

  test("are pushed to a registry, cluster or not", async () => {
    const { calls } = await ensure({ env: { KYC_IMAGE_PREFIX: "registry.example.com/kyc/" } });
    const tag = CREDIT_CHECK.split(":")[1];
    expect(calls[1]).toBe(`docker push registry.example.com/kyc/credit-check:${tag}`);
  });

  test("are loaded by the user's own command", async () => {
    const cluster = new FakeCluster("prod", [node("a", [])]);
    const { calls } = await ensure({
      cluster,
      answers: { buildah: "", "./load": "" },
      env: { KYC_IMAGE_LOAD: "./load", KYC_BUILD_ARGS: "--network=host  --quiet" },
    });
    expect(calls[0]).toEndWith(`--network=host --quiet ${ROOT}`);
    expect(calls).toHaveLength(IMAGES.length);
  });

  test("are saved first for a cluster that takes archives", async () => {
    const cluster = new FakeCluster("k3d-lab", [node("a", without(CREDIT_CHECK))]);
    const { calls, told } = await ensure({ cluster, answers: { podman: "STEP 1/9", k3d: "" } });
    expect(calls[1]).toMatch(/^podman save .*\/image\.tar dev/);
    expect(calls[2]).toMatch(/^k3d image import .*\/image\.tar -c lab$/);
    expect(told).toContain("credit-check: building with podman STEP 1/9");
    expect(told.at(-1)).toBe("credit-check: built with podman, brought to k3d-lab");
  });
});

describe("the builder", () => {
  const minikube = {
    "minikube profile list": JSON.stringify({ invalid: [], valid: [{ Name: "minikube", Status: "OK" }] }),
    "minikube version": "v1.37.0",
    "minikube image build": "",
    "minikube image ls": `${IMAGES.join("\n")}\n`,
    docker: "",
    kind: "",
  };

  test("is minikube in a minikube cluster, and docker for another", async () => {
    const own = await ensure({ cluster: new FakeCluster("minikube", [node("a", [])]), answers: minikube });
    expect(own.calls[0]).toStartWith(`minikube image build -p minikube -t ${CREDIT_CHECK}`);
    const other = await ensure({ cluster: new FakeCluster("kind-lab", [node("a", [])]), answers: minikube });
    expect(other.calls[0]).toStartWith("docker build");
  });

  test("is docker also in a minikube cluster when the images go to a registry", async () => {
    const env = { KYC_IMAGE_PREFIX: "registry.example.com/kyc" };
    const { calls } = await ensure({
      cluster: new FakeCluster("minikube", [node("a", [])]),
      answers: minikube,
      env,
    });
    expect(calls[0]).toStartWith("docker build");
  });

  test("is the next one when an engine does not run", async () => {
    const answers = { "docker info": { code: 1 }, podman: "" };
    const { calls } = await ensure({ answers });
    expect(calls[0]).toStartWith("podman build");
  });

  test("is the requested one, or none", async () => {
    const answers = { docker: "", podman: "" };
    const { calls } = await ensure({ answers, options: { builder: "podman" } });
    expect(calls[0]).toStartWith("podman build");
    await expect(ensure({ answers, options: { builder: "buildah" } })).rejects.toThrow(
      "buildah does not work here",
    );
  });

  test("is reported in one message if there is none, with all possible ones", async () => {
    const attempt = ensure({ answers: {} });
    await expect(attempt).rejects.toThrow(UserError);
    for (const name of ["minikube", "docker", "podman", "buildah", "https://"])
      await expect(attempt).rejects.toThrow(name);
  });

  test("that reports success without an image has failed", async () => {
    const answers = { ...minikube, "minikube image build": "error building image", "minikube image ls": "" };
    await expect(ensure({ cluster: new FakeCluster("minikube", [node("a", [])]), answers })).rejects.toThrow(
      /is not in its node\. Its output:\nerror building image/,
    );
  });
});

test("the program that loads is missed before anything is built", async () => {
  const cluster = new FakeCluster("kind-lab", [node("a", [])]);
  await expect(ensure({ cluster, answers: { docker: "" } })).rejects.toThrow(
    "kind, which loads images into kind-lab, is not on the PATH: https://kind.sigs.k8s.io",
  );
});

test("a failed program is named with its last lines of output", async () => {
  const answers = { "docker info": "", "docker build": { code: 1, out: "STEP 1\n", err: "no space left\n" } };
  const attempt = ensure({ answers });
  await expect(attempt).rejects.toThrow(
    /^docker build .* \. failed \(exit code 1\):\nSTEP 1\n\nno space left$/,
  );
});

test("an interruption ends it", async () => {
  const signal = AbortSignal.abort();
  await expect(ensure({ options: { signal } })).rejects.toThrow(Interrupted);
});
