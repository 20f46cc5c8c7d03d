import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FakeCluster } from "../../testing/fake-cluster.ts";
import { recordStep, readLedger } from "../ledger.ts";
import { PlatformContext } from "../platform-context.ts";
import {
  becomeReady,
  definition,
  deployment,
  fakePlatform,
  type FakePlatform,
  knativeObjects,
} from "../fake-platform.ts";
import { KNATIVE, knativeStep } from "./knative.ts";

let folder = "";

/** A release as small as a release can be. The real one is too large to be kept here; its checksum is pinned. */
const RELEASE = knativeObjects()
  .map(({ status: _, ...object }) => JSON.stringify(object))
  .join("\n---\n");

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kyc-knative-"));
  await writeFile(join(folder, "release.yaml"), RELEASE);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** A platform with the small release. */
function withRelease(cluster: FakeCluster): FakePlatform {
  const fake = fakePlatform({ cluster });
  class OwnRelease extends PlatformContext {
    override release = (): Promise<string> => Bun.file(join(folder, "release.yaml")).text();
  }
  becomeReady(cluster);
  const platform = new OwnRelease({
    connect: () => cluster,
    context: undefined,
    programs: fake.programs,
    signal: fake.platform.signal,
    timeoutMs: 300,
    pollMs: 1,
    cacheDir: folder,
    env: {},
  });
  return { ...fake, platform };
}

describe("Knative Serving that is there", () => {
  test("is used unchanged", async () => {
    const { platform } = fakePlatform({ cluster: new FakeCluster("c", knativeObjects()) });
    expect(await knativeStep.inspect(platform)).toEqual({ done: true, detail: "1.15.2", warnings: [] });
  });

  test.each([
    ["a label of its definition", { crd: { "app.kubernetes.io/version": "1.16.1" } }, "1.16.1"],
    ["a label of older releases", { crd: { "serving.knative.dev/release": "v1.17.0" } }, "1.17.0"],
    ["the tag of an image", { image: "example.com/serving/controller:v1.18.2@sha256:abc" }, "1.18.2"],
    ["nothing", { image: "example.com/serving/controller@sha256:abc" }, "of an unknown version"],
  ])("has its version from %s", async (_, { crd, image }: { crd?: object; image?: string }, expected) => {
    const cluster = new FakeCluster("c", knativeObjects("devel"));
    const services = definition("services", "serving.knative.dev", "Service");
    cluster.put({ ...services, metadata: { ...services.metadata, labels: { ...crd } } });
    const container = "controller";
    cluster.put(deployment("knative-serving", "controller", { container, image: image ?? "x" }));
    expect((await knativeStep.inspect(fakePlatform({ cluster }).platform)).detail).toBe(expected);
  });

  test.each(["1.14.9", "1.21.0"])("of the untested version %s is a warning", async (version) => {
    const { warnings } = await knativeStep.inspect(
      fakePlatform({ cluster: new FakeCluster("c", knativeObjects(version)) }).platform,
    );
    expect(warnings).toEqual([`Knative Serving ${version} is not among the tested versions, 1.15 to 1.20`]);
  });

  test("that was installed in part by other means is not changed", async () => {
    const cluster = new FakeCluster(
      "c",
      knativeObjects().filter(({ metadata }) => metadata.name !== "activator"),
    );
    const { platform, report } = withRelease(cluster);
    expect(await knativeStep.inspect(platform)).toMatchObject({
      done: false,
      detail: "incomplete: activator missing",
    });
    await expect(knativeStep.run(platform, report)).rejects.toThrow(
      "activator missing. It was not installed by ./kyc up",
    );
    expect(cluster.writes).toEqual([]);
  });

  test("and not ready is waited for, not installed", async () => {
    const cluster = new FakeCluster("c", knativeObjects());
    cluster.put(deployment("knative-serving", "webhook", { ready: false }));
    const { platform, report } = withRelease(cluster);
    await expect(knativeStep.run(platform, report)).rejects.toThrow("webhook: 0 of 1 pods are ready");
    expect(cluster.writes).toEqual([]);
  });
});

describe("Knative Serving that is missing", () => {
  test("is applied from the release, with sidecars from the start", async () => {
    const cluster = new FakeCluster();
    const { platform, report } = withRelease(cluster);
    expect(await knativeStep.inspect(platform)).toEqual({ done: false, detail: "not installed" });
    expect(await knativeStep.run(platform, report)).toBe("1.15.2");
    const namespace = cluster.get({ apiVersion: "v1", kind: "Namespace", name: "knative-serving" });
    expect(namespace?.metadata.labels).toEqual({ "istio-injection": "enabled" });
    expect(await readLedger(cluster.kube)).toMatchObject([{ step: KNATIVE, complete: true }]);
  });

  test("is applied again when that was broken off, although all its deployments run", async () => {
    const cluster = new FakeCluster("c", knativeObjects());
    await recordStep(cluster.kube, KNATIVE, {});
    const { platform, report } = withRelease(cluster);
    expect(await knativeStep.inspect(platform)).toMatchObject({
      done: false,
      detail: "installation was interrupted",
    });
    await knativeStep.run(platform, report);
    expect((await knativeStep.inspect(platform)).done).toBe(true);
  });
});

test("a release that is not the pinned one is not applied", async () => {
  await writeFile(join(folder, "2-serving-core.yaml"), RELEASE);
  const { platform, cluster, report } = fakePlatform({ env: { KYC_PLATFORM_DIR: folder } });
  await expect(knativeStep.run(platform, report)).rejects.toThrow("not the file that is pinned");
  expect(cluster.writes).toEqual([]);
});
