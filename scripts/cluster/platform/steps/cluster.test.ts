import { describe, expect, test } from "bun:test";
import { Unreachable } from "../../kube/connection.ts";
import { NoCluster } from "../../kubeconfig/kubeconfig.ts";
import { FakeCluster } from "../../testing/fake-cluster.ts";
import { type FakePlatform, type FakePlatformOptions, fakePlatform } from "../fake-platform.ts";
import { clusterStep } from "./cluster.ts";

const step = clusterStep({ profile: "lab", cpus: 6, memory: "12g", kubernetesVersion: "1.34.0" });

function profiles(...names: string[]): string {
  return JSON.stringify({ invalid: [], valid: names.map((Name) => ({ Name, Status: "Stopped" })) });
}

/** A machine on which the current context does not answer until minikube was started. */
function stopped(
  context: string | undefined,
  options: FakePlatformOptions & { profiles?: string[] } = {},
): FakePlatform {
  let running = false;
  const cluster = new FakeCluster("lab");
  const start = (): string => {
    running = true;
    return "Starting\nDone!";
  };
  return fakePlatform({
    ...options,
    programs: { "minikube profile list": profiles(...(options.profiles ?? [])), "minikube start": start },
    connect: () => {
      if (running) return cluster;
      if (context === undefined) throw new NoCluster("No cluster is configured: there is no kubeconfig.");
      const silent = new FakeCluster(context);
      silent.fault = () => {
        throw new Unreachable("It does not answer.");
      };
      return silent;
    },
  });
}

describe("a cluster that answers", () => {
  test("is used unchanged, without a call of minikube", async () => {
    const { platform, programs } = fakePlatform({
      cluster: new FakeCluster("prod"),
      programs: { minikube: "" },
    });
    expect(await step.inspect(platform)).toEqual({
      done: true,
      detail: "v1.34.0, context prod",
      warnings: [],
    });
    expect(programs.calls).toEqual([]);
  });

  test("of an untested version is used with a warning", async () => {
    const cluster = new FakeCluster();
    cluster.version = "v1.27.3-gke.1";
    const { warnings } = await step.inspect(fakePlatform({ cluster }).platform);
    expect(warnings).toEqual(["Kubernetes v1.27.3-gke.1 is not among the tested versions, 1.28 to 1.34"]);
  });

  test("that refuses the user is not started", async () => {
    const cluster = new FakeCluster();
    cluster.fault = () => Response.json({ kind: "Status", message: "Unauthorized" }, { status: 401 });
    await expect(step.inspect(fakePlatform({ cluster }).platform)).rejects.toThrow("Unauthorized");
  });
});

describe("minikube", () => {
  test("is started with a new profile if no cluster is configured", async () => {
    const { platform, programs, report, told } = stopped(undefined);
    expect(await step.inspect(platform)).toEqual({
      done: false,
      detail: "none is configured; minikube starts lab",
    });
    expect(await step.run(platform, report)).toBe("v1.34.0, context lab");
    expect(programs.calls).toContain(
      "minikube start -p lab --cpus 6 --memory 12g --kubernetes-version v1.34.0",
    );
    expect(told).toContain("creating lab with minikube Done!");
    expect(platform.context).toBe("lab");
    expect((await step.inspect(platform)).done).toBe(true);
  });

  test("is restarted unchanged if the context belongs to a stopped profile", async () => {
    const { platform, programs, report } = stopped("work", { profiles: ["lab", "work"] });
    expect((await step.inspect(platform)).detail).toBe("context work does not answer; minikube starts work");
    await step.run(platform, report);
    expect(programs.calls).toContain("minikube start -p work");
  });

  test("is started in addition to another cluster that does not answer", async () => {
    const { platform } = stopped("prod");
    expect((await step.inspect(platform)).detail).toBe("context prod does not answer; minikube starts lab");
  });

  test("is not started when the user has named another cluster", async () => {
    await expect(step.inspect(stopped("prod", { context: "prod" }).platform)).rejects.toThrow(
      "It does not answer.",
    );
    const named = stopped("work", { context: "work", profiles: ["work"] });
    expect((await step.inspect(named.platform)).detail).toBe(
      "context work does not answer; minikube starts work",
    );
  });

  test("that is missing is reported with how to get it, and with alternatives", async () => {
    const needs = await step.needs?.(fakePlatform().platform, true);
    expect(needs).toHaveLength(1);
    expect(needs?.[0]).toMatch(/^minikube is missing.*https:\/\/.*--context/);
    expect(await step.needs?.(fakePlatform({ programs: { minikube: "" } }).platform, true)).toEqual([]);
  });

  test("that fails is reported with its last lines", async () => {
    const { platform, report } = fakePlatform({
      programs: { "minikube start": { code: 69, err: "X Exiting due to PROVIDER_DOCKER_NOT_RUNNING" } },
    });
    await expect(step.run(platform, report)).rejects.toThrow(
      /^minikube start -p lab .* failed \(exit code 69\):\nX Exiting due to PROVIDER_DOCKER_NOT_RUNNING$/,
    );
  });
});
