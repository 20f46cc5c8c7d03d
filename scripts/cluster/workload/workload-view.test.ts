import { describe, expect, test } from "bun:test";
import { drawWorkload } from "../../terminal/cluster/draw-workload.ts";
import { PLAIN } from "../../terminal/style.ts";
import type { ContainerStatus, LivePod, LiveRevision, LiveService } from "./live-objects.ts";
import { workloadView } from "./workload-view.ts";

const READY = [{ type: "Ready", status: "True" }];

function service(change: Partial<NonNullable<LiveService["status"]>> = {}, generation = 2): LiveService {
  return {
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    metadata: { name: "credit-check", namespace: "kyc", generation },
    spec: {},
    status: {
      observedGeneration: 2,
      conditions: READY,
      url: "http://credit-check.kyc.svc.cluster.local",
      traffic: [
        { revisionName: "credit-check-basic", tag: "basic", percent: 80 },
        { revisionName: "credit-check-advanced", tag: "advanced", percent: 0 },
        { revisionName: "credit-check-advanced", percent: 20 },
      ],
      ...change,
    },
  };
}

function revision(name: string, created: string, conditions = READY): LiveRevision {
  return {
    apiVersion: "serving.knative.dev/v1",
    kind: "Revision",
    metadata: {
      name,
      namespace: "kyc",
      creationTimestamp: created,
      labels: { "serving.knative.dev/service": "credit-check" },
    },
    spec: { containers: [{ image: "dev.local/kyc/credit-check:1" }] },
    status: { conditions },
  };
}

const basic = revision("credit-check-basic", "2026-01-01T00:00:00Z");
const advanced = revision("credit-check-advanced", "2026-01-02T00:00:00Z");

function container(name: string, change: Partial<ContainerStatus> = {}): ContainerStatus {
  return { name, ready: true, restartCount: 0, state: { running: {} }, ...change };
}

function pod(of: string, containers: ContainerStatus[], change: Partial<LivePod["status"]> = {}): LivePod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `${of}-pod`, namespace: "kyc", labels: { "serving.knative.dev/revision": of } },
    status: {
      phase: "Running",
      containerStatuses: containers,
      initContainerStatuses: [container("istio-proxy")],
      ...change,
    },
  };
}

const healthy = (of: string): LivePod => pod(of, [container("user-container"), container("queue-proxy")]);

function draw(pods: LivePod[], services = [service()], revisions = [advanced, basic]): string {
  return drawWorkload(workloadView({ services, revisions, pods }), PLAIN).join("\n");
}

describe("what runs", () => {
  test("is a tree of services, revisions by age, and pods, with the share of each", () => {
    expect(draw([healthy("credit-check-basic")])).toBe(
      `credit-check  ready  http://credit-check.kyc.svc.cluster.local
├── credit-check-basic      80 %  ready  tag basic
│   └── credit-check-basic-pod  3/3 ready
└── credit-check-advanced   20 %  ready, scaled to zero  tag advanced`,
    );
  });

  test("is not ready while Knative has not seen the last change", () => {
    expect(draw([], [service({}, 3)])).toContain(
      "credit-check  waiting  http://credit-check.kyc.svc.cluster.local  Knative has not processed",
    );
  });

  test("shows the condition's own message", () => {
    const conditions = [
      { type: "Ready", status: "False", reason: "RevisionMissing", message: 'Revision "x" not found' },
    ];
    expect(draw([], [service({ conditions })])).toContain(
      'not ready  http://credit-check.kyc.svc.cluster.local  Revision "x" not found',
    );
  });

  test.each([
    [
      "an image that cannot be had",
      container("user-container", {
        ready: false,
        state: { waiting: { reason: "ErrImagePull", message: "not found" } },
      }),
      "2/3 not ready  ErrImagePull: not found",
    ],
    [
      "a container that keeps crashing, with how it ended",
      container("user-container", {
        ready: false,
        restartCount: 2,
        state: { waiting: { reason: "CrashLoopBackOff", message: "back-off" } },
        lastState: { terminated: { exitCode: 78, reason: "Error" } },
      }),
      "2/3 not ready, 2 restarts  CrashLoopBackOff: it ended with code 78",
    ],
    [
      "a container that ends again and again, also in order",
      container("user-container", {
        ready: false,
        restartCount: 1,
        state: { waiting: { reason: "CrashLoopBackOff" } },
        lastState: { terminated: { exitCode: 0, reason: "Completed" } },
      }),
      "2/3 not ready, 1 restart  CrashLoopBackOff: it ended with code 0",
    ],
    [
      "a container that ended in order once",
      container("user-container", { ready: false, state: { terminated: { exitCode: 0 } } }),
      "2/3 waiting",
    ],
    [
      "a container that ran out of memory",
      container("user-container", {
        ready: false,
        state: { terminated: { exitCode: 137, reason: "OOMKilled" } },
      }),
      "2/3 not ready  Crashed: it ran out of memory",
    ],
    [
      "a container that is being made",
      container("user-container", { ready: false, state: { waiting: { reason: "ContainerCreating" } } }),
      "2/3 waiting",
    ],
  ])("reports %s", (_, broken, expected) => {
    const drawn = draw([pod("credit-check-basic", [broken, container("queue-proxy")])]);
    expect(drawn).toContain(`credit-check-basic-pod  ${expected}`);
  });

  test("reports an unschedulable pod, and one without a sidecar", () => {
    const conditions = [
      { type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/1 nodes: cpu" },
    ];
    const stuck = pod("credit-check-basic", [], { conditions, initContainerStatuses: [] });
    expect(draw([stuck])).toContain("0/0 not ready  no sidecar  Unschedulable: 0/1 nodes: cpu");
  });

  test("leaves out pods that are ending and revisions of other services", () => {
    const ending = healthy("credit-check-basic");
    ending.metadata.deletionTimestamp = "2026-01-01T00:00:00Z";
    const other = {
      ...basic,
      metadata: { ...basic.metadata, name: "other", labels: { "serving.knative.dev/service": "other" } },
    };
    const drawn = draw([ending], [service()], [basic, other]);
    expect(drawn).not.toContain("credit-check-basic-pod");
    expect(drawn).not.toContain("other");
  });

  test("reports that there is nothing", () => {
    expect(drawWorkload([], PLAIN)).toEqual(["no Knative Service here"]);
  });
});
