import { describe, expect, test } from "bun:test";
import { FakeCluster } from "../../testing/fake-cluster.ts";
import { recordStep, readLedger } from "../ledger.ts";
import { config, definition, deployment, fakePlatform, istioObjects } from "../fake-platform.ts";
import { ISTIO, istioStep, needsForRemoval, removeIstio } from "./istio.ts";

const INSTALL = "istioctl install -y --set profile=default";

describe("Istio that is there", () => {
  test("is used unchanged", async () => {
    const { platform, programs } = fakePlatform({ cluster: new FakeCluster("c", istioObjects()) });
    expect(await istioStep.inspect(platform)).toEqual({ done: true, detail: "1.30.0", warnings: [] });
    expect(await istioStep.needs?.(platform, true)).toEqual([]);
    expect(programs.calls).toEqual([]);
  });

  test.each([
    ["1.30.0-distroless", {}, "1.30.0-distroless"],
    ["1.29.1@sha256:abc", {}, "1.29.1"],
    ["v1.28.0", {}, "1.28.0"],
    ["latest", { "operator.istio.io/version": "1.27.1" }, "1.27.1"],
    ["latest", { "app.kubernetes.io/version": "1.26.0" }, "1.26.0"],
    ["latest", { "helm.sh/chart": "istiod-1.27.3" }, "1.27.3"],
    ["1", { "app.kubernetes.io/version": "1.0.0" }, "1.22 or newer"],
    ["1", { "operator.istio.io/version": "unknown" }, "1.22 or newer"],
  ])("reports its version by image tag %s and labels %j", async (tag, labels, expected) => {
    const cluster = new FakeCluster("c", istioObjects());
    const image = `example.com/istio/pilot:${tag}`;
    cluster.put(
      deployment("istio-system", "istiod", {
        labels: { app: "istiod", ...labels },
        container: "discovery",
        image,
      }),
    );
    expect((await istioStep.inspect(fakePlatform({ cluster }).platform)).detail).toBe(expected);
  });

  test("has its version from its definitions, its gateway, or at least its API", async () => {
    const cluster = new FakeCluster("c", istioObjects("1"));
    const inspect = () => istioStep.inspect(fakePlatform({ cluster }).platform);
    expect(await inspect()).toMatchObject({
      detail: "1.22 or newer",
      warnings: [expect.stringContaining("Istio is 1.22 or newer, as its API shows")],
    });
    const crd = definition("virtualservices", "networking.istio.io", "VirtualService", "v1beta1");
    cluster.put(crd);
    expect((await inspect()).detail).toBe("of an unknown version");
    cluster.put(
      deployment("istio-system", "istio-ingressgateway", {
        labels: { istio: "ingressgateway" },
        container: "istio-proxy",
        image: "docker.io/istio/proxyv2:1.28.1",
      }),
    );
    expect((await inspect()).detail).toBe("1.28.1");
    const labels = { "app.kubernetes.io/version": "1.29.0" };
    cluster.put({ ...crd, metadata: { ...crd.metadata, labels } });
    expect(await inspect()).toEqual({ done: true, detail: "1.29.0", warnings: [] });
  });

  test("of an untested version is a warning", async () => {
    const { warnings } = await istioStep.inspect(
      fakePlatform({ cluster: new FakeCluster("c", istioObjects("1.19.0")) }).platform,
    );
    expect(warnings).toEqual(["Istio 1.19.0 is not among the tested versions, 1.22 to 1.31"]);
  });

  test("that was installed by other means is not changed: without an ingress gateway the error has a remedy", async () => {
    const cluster = new FakeCluster(
      "c",
      istioObjects().filter(({ metadata }) => metadata.name !== "istio-ingressgateway"),
    );
    const { platform, programs, report } = fakePlatform({ cluster, programs: { istioctl: "" } });
    expect(await istioStep.inspect(platform)).toMatchObject({ done: false, detail: "no ingress gateway" });
    await expect(istioStep.run(platform, report)).rejects.toThrow("istio=ingressgateway");
    expect(programs.calls).toEqual([]);
    expect(cluster.writes).toEqual([]);
  });

  test("and not ready is waited for, with the reason", async () => {
    const cluster = new FakeCluster("c", istioObjects());
    cluster.put(
      deployment("istio-system", "istio-ingressgateway", {
        labels: { istio: "ingressgateway" },
        ready: false,
      }),
    );
    const { platform, report } = fakePlatform({ cluster });
    await expect(istioStep.run(platform, report)).rejects.toThrow(
      "Istio was not ready after 0 s: istio-ingressgateway: 0 of 1 pods are ready",
    );
  });
});

describe("Istio that is missing", () => {
  test("is installed by istioctl into the cluster of this context, and written down before", async () => {
    const cluster = new FakeCluster("lab");
    let noted: unknown;
    const { platform, programs, report, told } = fakePlatform({
      cluster,
      programs: {
        "istioctl version": "client version: 1.30.0",
        "istioctl install": () => {
          noted = cluster.names;
          for (const object of istioObjects()) cluster.put(object);
          return "✔ Istiod installed";
        },
      },
    });
    expect(await istioStep.inspect(platform)).toEqual({ done: false, detail: "not installed", warnings: [] });
    expect(await istioStep.run(platform, report)).toBe("1.30.0");
    const command = programs.calls.find((call) => call.startsWith("istioctl install"));
    expect(command).toStartWith(INSTALL);
    expect(command).toEndWith("--context lab");
    expect(noted).toEqual(["ConfigMap kube-system/kyc-platform"]);
    expect(told).toContain("installing with istioctl ✔ Istiod installed");
    expect(await readLedger(cluster.kube)).toMatchObject([
      { step: ISTIO, objects: [{ name: "istio-system" }], complete: true },
    ]);
  });

  test("needs istioctl, also when the cluster is not there yet", async () => {
    const { platform } = fakePlatform();
    for (const isSeen of [true, false]) {
      const [need = ""] = (await istioStep.needs?.(platform, isSeen)) ?? [];
      expect(need).toMatch(/^istioctl is missing.*ISTIO_VERSION=/);
    }
    expect(await istioStep.needs?.(fakePlatform({ programs: { istioctl: "" } }).platform, true)).toEqual([]);
  });

  test("would be of the version of istioctl: an untested one is a warning", async () => {
    const { platform } = fakePlatform({ programs: { "istioctl version": "client version: 1.99.0" } });
    expect((await istioStep.inspect(platform)).warnings).toEqual([
      "istioctl 1.99.0 is not among the tested versions, 1.22 to 1.31",
    ]);
  });

  test("is installed again when that was broken off, although it looks complete", async () => {
    const cluster = new FakeCluster("lab", istioObjects());
    await recordStep(cluster.kube, ISTIO, {});
    const { platform, programs, report } = fakePlatform({ cluster, programs: { istioctl: "" } });
    expect(await istioStep.inspect(platform)).toMatchObject({
      done: false,
      detail: "installation was interrupted",
    });
    await istioStep.run(platform, report);
    expect(programs.calls.some((call) => call.startsWith(INSTALL))).toBe(true);
    expect((await istioStep.inspect(platform)).done).toBe(true);
  });

  test("and cannot be installed is reported with istioctl's output", async () => {
    const { platform, report } = fakePlatform({
      programs: { "istioctl install": { code: 1, err: "no permission" }, istioctl: "" },
    });
    await expect(istioStep.run(platform, report)).rejects.toThrow(
      "istioctl install failed (exit code 1):\nno permission",
    );
  });
});

describe("taking Istio back", () => {
  test("removes it with its kinds, its namespace, and its objects in others", async () => {
    const cluster = new FakeCluster("lab", istioObjects());
    const leftover = config("default", "istio-ca-root-cert", {});
    cluster.put({ ...leftover, metadata: { ...leftover.metadata, labels: { "istio.io/config": "true" } } });
    const objects = [{ apiVersion: "v1", kind: "Namespace", name: "istio-system" }];
    const made = {
      step: ISTIO,
      objects,
      before: { definitions: "gateways.networking.istio.io" },
      complete: true,
    };
    await recordStep(cluster.kube, ISTIO, made);
    const { platform, programs, report } = fakePlatform({ cluster, programs: { istioctl: "" } });
    await removeIstio(platform, made, report);
    expect(programs.calls).toEqual(["istioctl uninstall --purge -y --context lab"]);
    // A kind that was there before stays.
    expect(cluster.names).toEqual([
      "CustomResourceDefinition gateways.networking.istio.io",
      "Deployment istio-system/istio-ingressgateway",
      "Deployment istio-system/istiod",
    ]);
  });

  test("needs istioctl", () => {
    expect(needsForRemoval(fakePlatform().platform)[0]).toContain("it removes Istio");
    expect(needsForRemoval(fakePlatform({ programs: { istioctl: "" } }).platform)).toEqual([]);
  });
});
