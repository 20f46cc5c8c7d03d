import { describe, expect, test } from "bun:test";
import type { KubeObject } from "../kube/kube-object.ts";
import { FakeCluster } from "../testing/fake-cluster.ts";
import { deploymentsIn, notReady } from "./deployments.ts";
import { deployment, podOf } from "./fake-platform.ts";

async function reason(status: object, pods: readonly KubeObject[] = []): Promise<string | undefined> {
  const cluster = new FakeCluster("fake", [{ ...deployment("n", "web"), status }, ...pods]);
  return notReady(cluster.kube, await deploymentsIn(cluster.kube, "n"));
}

const waiting = { observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 0 };

function pod(status: object): KubeObject {
  return podOf("n", "web", ["main"], { status });
}

function container(state: object, lastState: object = {}): object {
  return { name: "main", ready: false, restartCount: 3, state, lastState };
}

describe("a deployment", () => {
  test("is ready when all its pods are, and are of the newest kind", async () => {
    expect(
      await reason({ observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1 }),
    ).toBeUndefined();
  });

  test.each([
    [{}, "web: not begun yet"],
    [{ observedGeneration: 1 }, "web: 0 of 1 pods are of the new kind"],
    [
      { observedGeneration: 1, replicas: 2, updatedReplicas: 1, availableReplicas: 2 },
      "web: pods of before are ending",
    ],
    [waiting, "web: 0 of 1 pods are ready"],
  ])("with the status %j is not: %s", async (status, expected) => {
    expect(await reason(status)).toBe(expected);
  });

  test("that needs no pod is ready without one", async () => {
    const idle = deployment("n", "web");
    const spec = { ...(idle.spec as object), replicas: 0 };
    const cluster = new FakeCluster("fake", [{ ...idle, spec, status: { observedGeneration: 1 } }]);
    expect(await notReady(cluster.kube, await deploymentsIn(cluster.kube, "n"))).toBeUndefined();
  });
});

describe("why a deployment is not ready", () => {
  test.each([
    [
      "an image that cannot be had",
      {
        containerStatuses: [
          container({ waiting: { reason: "ImagePullBackOff", message: "Back-off pulling i" } }),
        ],
      },
      "web: ImagePullBackOff in container main: Back-off pulling i",
    ],
    [
      "a crash",
      {
        containerStatuses: [
          container(
            { waiting: { reason: "CrashLoopBackOff", message: "back-off 5m" } },
            { terminated: { exitCode: 3 } },
          ),
        ],
      },
      "web: CrashLoopBackOff in container main: it ended with code 3",
    ],
    [
      "a crash of an init container",
      { initContainerStatuses: [container({ waiting: { reason: "CreateContainerConfigError" } })] },
      "web: CreateContainerConfigError in container main",
    ],
    [
      "no room",
      {
        conditions: [
          {
            type: "PodScheduled",
            status: "False",
            reason: "Unschedulable",
            message: "0/1 nodes: Insufficient cpu",
          },
        ],
      },
      "web: no node takes the pod: 0/1 nodes: Insufficient cpu",
    ],
    [
      "nothing but time",
      { containerStatuses: [container({ waiting: { reason: "ContainerCreating" } })] },
      "web: 0 of 1 pods are ready",
    ],
  ])("is reported: %s", async (_, status, expected) => {
    expect(await reason(waiting, [pod(status)])).toBe(expected);
  });

  test("is reported when not even a pod can be made", async () => {
    const conditions = [
      { type: "ReplicaFailure", status: "True", reason: "FailedCreate", message: "quota exceeded" },
    ];
    expect(await reason({ observedGeneration: 1, conditions })).toBe(
      "web: no pod can be created: quota exceeded",
    );
  });

  test("leaves out terminating pods", async () => {
    const ending = pod({ containerStatuses: [container({ waiting: { reason: "ImagePullBackOff" } })] });
    ending.metadata.deletionTimestamp = "2026-01-01T00:00:00Z";
    expect(await reason(waiting, [ending])).toBe("web: 0 of 1 pods are ready");
  });
});
