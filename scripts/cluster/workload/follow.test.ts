import { describe, expect, test } from "bun:test";
import { drawWorkload } from "../../terminal/cluster/draw-workload.ts";
import { PLAIN } from "../../terminal/style.ts";
import type { FakeCluster } from "../testing/fake-cluster.ts";
import { followWorkload, readWorkload } from "./follow.ts";
import { knativeCluster, podObject, revisionObject, serviceObject, warningObject } from "./fake-objects.ts";

/** Follows a cluster, and draws each state. */
class Followed {
  readonly drawn: string[] = [];
  readonly ended: Promise<Error | undefined>;
  readonly #controller = new AbortController();
  #changed = Promise.withResolvers<void>();

  constructor(cluster: FakeCluster) {
    this.ended = followWorkload(cluster.kube, "kyc", this.#controller.signal, (view) => {
      this.drawn.push(drawWorkload(view, PLAIN).join("\n"));
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    }).then(
      () => undefined,
      (error: Error) => error,
    );
  }

  /** Waits for a state with this text in it. */
  async until(text: string): Promise<void> {
    while (!this.drawn.at(-1)?.includes(text)) {
      const error = await Promise.race([this.#changed.promise, this.ended]);
      if (error instanceof Error) throw error;
    }
  }

  stop(): Promise<Error | undefined> {
    this.#controller.abort();
    return this.ended;
  }
}

const TRAFFIC = [{ revisionName: "credit-check-basic", tag: "basic", percent: 100 }];
const SERVICE = serviceObject("credit-check", { latest: "credit-check-basic", traffic: TRAFFIC });
const REVISION = revisionObject("credit-check", "credit-check-basic");
const POD = podObject("credit-check", "credit-check-basic");

describe("following what runs", () => {
  test("begins when all kinds were listed, and reports each change of a service, a revision and a pod", async () => {
    const cluster = knativeCluster(serviceObject("credit-check", { ready: "unknown", observed: false }));
    const followed = new Followed(cluster);
    await followed.until("credit-check  waiting");
    expect(followed.drawn).toHaveLength(1);
    cluster.put(revisionObject("credit-check", "credit-check-basic", { ready: "unknown" }));
    await followed.until("└── credit-check-basic    0 %  waiting");
    cluster.put(podObject("credit-check", "credit-check-basic", { user: { ready: false } }));
    await followed.until("credit-check-basic-pod  2/3 waiting");
    cluster.put(POD);
    await followed.until("credit-check-basic-pod  3/3 ready");
    cluster.put(REVISION);
    cluster.put(SERVICE);
    await followed.until("100 %  ready  tag basic");
    cluster.remove({ apiVersion: "v1", kind: "Pod", namespace: "kyc", name: "credit-check-basic-pod" });
    await followed.until("ready, scaled to zero");
    expect(await followed.stop()).toBeUndefined();
    expect(cluster.watches.count).toBe(0);
  });

  test("shows Kubernetes' warnings at once, while the pod is not ready", async () => {
    const starting = podObject("credit-check", "credit-check-basic", { user: { ready: false } });
    const cluster = knativeCluster(SERVICE, REVISION, starting);
    const followed = new Followed(cluster);
    await followed.until("2/3 waiting");
    const probe = "Readiness probe failed: HTTP probe failed with statuscode: 503";
    cluster.put(warningObject("credit-check-basic-pod", "Unhealthy", probe));
    cluster.put(warningObject("another-pod", "Unhealthy", "of no interest"));
    await followed.until(`2/3 waiting  ${probe}`);
    cluster.put(POD);
    await followed.until("3/3 ready");
    expect(followed.drawn.at(-1)).not.toContain("probe");
    await followed.stop();
  });

  test("misses no change while a stream is cut, or its position is lost", async () => {
    const cluster = knativeCluster(SERVICE, REVISION, POD);
    const followed = new Followed(cluster);
    await followed.until("3/3 ready");
    cluster.watches.end();
    cluster.put(revisionObject("credit-check", "credit-check-v3"));
    await followed.until("credit-check-v3");
    cluster.remove({
      apiVersion: "serving.knative.dev/v1",
      kind: "Revision",
      namespace: "kyc",
      name: "credit-check-v3",
    });
    cluster.forget();
    await followed.until("└── credit-check-basic");
    await followed.stop();
  });

  test("ends with all its watches when one is refused", async () => {
    const cluster = knativeCluster(SERVICE);
    cluster.fault = (_, path) => (path.includes("/pods?") ? refused("pods is forbidden") : undefined);
    const error = await new Followed(cluster).ended;
    expect(error?.message).toBe("cannot list Pod in kyc: pods is forbidden");
    await Bun.sleep(0);
    expect(cluster.watches.count).toBe(0);
  });

  test("works without warnings if they may not be read", async () => {
    const cluster = knativeCluster(SERVICE, REVISION, POD);
    cluster.fault = (_, path) => (path.includes("/events?") ? refused("events is forbidden") : undefined);
    const followed = new Followed(cluster);
    await followed.until("3/3 ready");
    await followed.stop();
    expect((await readWorkload(cluster.kube, "kyc")).map(({ name }) => name)).toEqual(["credit-check"]);
  });
});

test("reading the workload once leaves nothing open", async () => {
  const cluster = knativeCluster(SERVICE, REVISION, POD, serviceObject("kyc-aggregator", {}));
  const view = await readWorkload(cluster.kube, "kyc");
  expect(drawWorkload(view, PLAIN).join("\n")).toBe(
    `credit-check  ready  http://credit-check.kyc.example.com
└── credit-check-basic  100 %  ready  tag basic
    └── credit-check-basic-pod  3/3 ready
kyc-aggregator  ready  http://kyc-aggregator.kyc.example.com`,
  );
  expect(cluster.watches.count).toBe(0);
});

function refused(message: string): Response {
  return Response.json({ kind: "Status", reason: "Forbidden", message }, { status: 403 });
}
