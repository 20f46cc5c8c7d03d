import { describe, expect, test } from "bun:test";
import type { KubeObject } from "../kube/kube-object.ts";
import type { FakeCluster } from "../testing/fake-cluster.ts";
import {
  knativeCluster,
  podObject,
  revisionObject,
  serviceObject,
  warningObject,
} from "../workload/fake-objects.ts";
import { type Awaited, NotReady, untilReady, type WaitOptions } from "./wait-until-ready.ts";

const NAMED: Awaited = { service: "credit-check", namespace: "kyc", revision: "credit-check-basic" };
const UNNAMED: Awaited = { ...NAMED, revision: undefined };
// Far longer than a test takes, so that nothing ends because of it.
const LONG = 60_000;

const WAITING = serviceObject("credit-check", { ready: "unknown", latest: "credit-check-basic" });
const READY = serviceObject("credit-check", { latest: "credit-check-basic" });
const BASIC = revisionObject("credit-check", "credit-check-basic");
const BASIC_WAITS = revisionObject("credit-check", "credit-check-basic", { ready: "unknown" });

function wait(cluster: FakeCluster, awaited = NAMED, options: Partial<WaitOptions> = {}): Promise<void> {
  const signal = new AbortController().signal;
  return untilReady(cluster.kube, awaited, {
    timeoutMs: LONG,
    patienceMs: LONG,
    signal,
    onView() {},
    ...options,
  });
}

async function failure(waiting: Promise<void>): Promise<NotReady> {
  const error: unknown = await waiting.catch((reason: unknown) => reason);
  if (!(error instanceof NotReady)) throw new Error(`it did not fail, but ended with ${String(error)}`);
  return error;
}

/** A pod of the awaited revision, whose function's container is in this state. */
function podIn(
  user: NonNullable<Parameters<typeof podObject>[2]>["user"],
  of = "credit-check-basic",
): KubeObject {
  return podObject("credit-check", of, { user: { ready: false, ...user } });
}

const CRASHED = { state: { terminated: { exitCode: 78 } } };
const NO_IMAGE = { state: { waiting: { reason: "ErrImagePull", message: "manifest unknown" } } };

describe("waiting for a revision", () => {
  test("ends when it and its service are ready, wherever its pods are", async () => {
    await wait(knativeCluster(READY, BASIC));
    await wait(knativeCluster(READY, BASIC, podObject("credit-check", "credit-check-basic")));
  });

  test("continues while the service is not ready, Knative has not observed the change, or it is another revision", async () => {
    const cluster = knativeCluster(WAITING, BASIC);
    const views: string[] = [];
    let done = false;
    const waiting = wait(cluster, NAMED, {
      onView: ([service]) => views.push(`${service?.health} ${service?.message ?? ""}`.trim()),
    }).then(() => (done = true));
    const next = async (object: KubeObject, view: string): Promise<void> => {
      cluster.put(object);
      while (views.at(-1) !== view) await Bun.sleep(1);
      await Bun.sleep(0);
    };
    await next(WAITING, "waiting");
    await next(
      serviceObject("credit-check", { observed: false }),
      "waiting Knative has not processed the change yet",
    );
    cluster.remove({ ...BASIC, name: "credit-check-basic", namespace: "kyc" });
    await next(READY, "ready");
    expect(done).toBe(false);
    cluster.put(BASIC);
    await waiting;
    expect(cluster.watches.count).toBe(0);
  });

  test("continues if a stream is cut and its position is lost", async () => {
    const cluster = knativeCluster(WAITING, BASIC);
    let seen = 0;
    const waiting = wait(cluster, NAMED, { onView: () => void seen++ });
    while (seen === 0) await Bun.sleep(1);
    cluster.forget();
    cluster.put(READY);
    await waiting;
  });

  test("ends at once with a crash, and reports in which pod and container", async () => {
    const { message, place } = await failure(wait(knativeCluster(WAITING, BASIC_WAITS, podIn(CRASHED))));
    expect(message).toBe(
      "credit-check-basic: Crashed: it ended with code 78 (credit-check-basic-pod, container user-container)",
    );
    expect(place).toEqual({ pod: "credit-check-basic-pod", container: "user-container" });
  });

  test("is not ended by the crash of another revision, such as one that is to be replaced", async () => {
    const older = revisionObject("credit-check", "credit-check-00001", { ready: false });
    const cluster = knativeCluster(WAITING, BASIC_WAITS, older, podIn(CRASHED, "credit-check-00001"));
    for (const awaited of [NAMED, UNNAMED]) {
      cluster.put(WAITING);
      let seen = 0;
      const waiting = wait(cluster, awaited, { patienceMs: 0, onView: () => void seen++ });
      while (seen === 0) await Bun.sleep(1);
      cluster.put(READY);
      cluster.put(BASIC);
      await waiting;
    }
  });

  test("without a name is ended by the crash of the revision that was made last", async () => {
    const { message } = await failure(wait(knativeCluster(WAITING, BASIC_WAITS, podIn(CRASHED)), UNNAMED));
    expect(message).toStartWith("credit-check-basic: Crashed");
  });

  test.each<[string, KubeObject, string]>([
    ["an image that cannot be pulled", podIn(NO_IMAGE), "ErrImagePull: manifest unknown"],
    [
      "a pod that no node takes",
      podObject("credit-check", "credit-check-basic", {
        conditions: [
          {
            type: "PodScheduled",
            status: "False",
            reason: "Unschedulable",
            message: "0/1 nodes: Insufficient cpu",
          },
        ],
      }),
      "Unschedulable: 0/1 nodes: Insufficient cpu",
    ],
  ])("ends with %s when that has lasted for a while", async (_, pod, words) => {
    const cluster = knativeCluster(WAITING, BASIC_WAITS, pod);
    const { message } = await failure(wait(cluster, NAMED, { patienceMs: 1 }));
    expect(message).toStartWith(`credit-check-basic: ${words} (credit-check-basic-pod`);
  });

  test("counts trouble from when it began, also when it changes its name", async () => {
    const cluster = knativeCluster(WAITING, BASIC_WAITS, podIn(NO_IMAGE));
    let seen = 0;
    const waiting = failure(
      wait(cluster, NAMED, {
        patienceMs: 1000,
        // Each look changes the trouble again.
        onView: () =>
          void setTimeout(() => {
            const reason = seen++ % 2 === 0 ? "ImagePullBackOff" : "ErrImagePull";
            cluster.put(podIn({ state: { waiting: { reason, message: "manifest unknown" } } }));
          }, 5),
      }),
    );
    expect((await waiting).message).toContain("manifest unknown");
    expect(seen).toBeGreaterThan(2);
  });

  test("forgives trouble that passes", async () => {
    const cluster = knativeCluster(WAITING, BASIC_WAITS, podIn(NO_IMAGE));
    let troubled = false;
    const waiting = wait(cluster, NAMED, {
      patienceMs: 20,
      onView: ([service]) => (troubled ||= service?.revisions[0]?.health === "failed"),
    });
    while (!troubled) await Bun.sleep(1);
    cluster.put(podObject("credit-check", "credit-check-basic"));
    await Bun.sleep(40);
    cluster.put(BASIC);
    cluster.put(READY);
    await waiting;
  });

  test("ends with Knative's message if there is no pod, such as for an image without a digest", async () => {
    const message = 'UserError to fetch image "x": failed to resolve image to digest: 404';
    const failed = revisionObject("credit-check", "credit-check-basic", { ready: false, message });
    const cluster = knativeCluster(WAITING, failed);
    expect((await failure(wait(cluster, NAMED, { patienceMs: 1 }))).message).toBe(
      `credit-check-basic: ${message}`,
    );
  });

  test("ends with the service's message if no revision could be made", async () => {
    const message = "Revision creation failed with message: quota exceeded.";
    const cluster = knativeCluster(serviceObject("credit-check", { ready: false, message }));
    for (const awaited of [NAMED, UNNAMED])
      expect((await failure(wait(cluster, awaited, { patienceMs: 1 }))).message).toBe(
        `credit-check: ${message}`,
      );
  });
});

describe("waiting for too long", () => {
  test("reports the failing probe, and the place of the log", async () => {
    const probe = "Readiness probe failed: HTTP probe failed with statuscode: 503";
    const cluster = knativeCluster(
      WAITING,
      BASIC_WAITS,
      podIn({}),
      warningObject("credit-check-basic-pod", "Unhealthy", probe),
    );
    const { message, place } = await failure(wait(cluster, NAMED, { timeoutMs: 50 }));
    expect(message).toBe(`credit-check-basic was not ready after 0.05 s: credit-check-basic-pod: ${probe}`);
    expect(place).toEqual({ pod: "credit-check-basic-pod", container: "user-container" });
  });

  test.each<[string, KubeObject[], string]>([
    ["no service", [], "there is no Knative Service credit-check in kyc"],
    [
      "a service that waits",
      [serviceObject("credit-check", { ready: "unknown", message: "waiting for the ingress" })],
      "waiting for the ingress",
    ],
    [
      "a revision that waits",
      [
        WAITING,
        revisionObject("credit-check", "credit-check-basic", { ready: "unknown", reason: "Deploying" }),
      ],
      "Deploying",
    ],
    ["a service without conditions", [WAITING], "Knative gives no reason"],
  ])("reports %s", async (_, objects, why) => {
    const cluster = knativeCluster(...objects);
    const { message } = await failure(wait(cluster, NAMED, { timeoutMs: 20 }));
    expect(message).toBe(`credit-check-basic was not ready after 0.02 s: ${why}`);
  });
});

describe("waiting that is called off", () => {
  test("ends at once, with the signal's reason and no watch left", async () => {
    const cluster = knativeCluster(WAITING, BASIC_WAITS);
    const controller = new AbortController();
    const waiting = wait(cluster, NAMED, {
      signal: controller.signal,
      onView: () => controller.abort(),
    });
    await expect(waiting).rejects.toThrow("abort");
    expect(cluster.watches.count).toBe(0);
    await expect(wait(cluster, NAMED, { signal: AbortSignal.abort() })).rejects.toThrow("abort");
  });

  test("by a refusal reports the refusal", async () => {
    const cluster = knativeCluster(WAITING);
    cluster.fault = (_, path) =>
      path.includes("/revisions?")
        ? Response.json({ kind: "Status", reason: "Forbidden", message: "not you" }, { status: 403 })
        : undefined;
    await expect(wait(cluster)).rejects.toThrow("cannot list Revision in kyc: not you");
  });
});
