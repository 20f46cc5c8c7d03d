import { checked } from "../cluster/workload/follow.ts";
import { LivePod, POD, REVISION_LABEL, SERVICE_LABEL } from "../cluster/workload/live-objects.ts";
import { askOf, BOTH_VERSIONS, CUSTOMER, describeFailures, statusOf, underLoad, untilWarm } from "./load.ts";
import { figure, type Scenario, type Stage } from "./scenario.ts";
import { BY_KNATIVE } from "./splits.ts";

const ZERO_WITHIN_MS = 240_000;

/** Measures the first answer when both services start from zero pods. */
export const scaleFromZero: Scenario = {
  name: "scale from zero",
  async run(stage) {
    stage.report("waiting until both services are at zero");
    const end = performance.now() + ZERO_WITHIN_MS;
    while ((await podsOf(stage)).length > 0) {
      stage.signal.throwIfAborted();
      if (performance.now() > end) {
        const group = "scale from zero";
        return [
          {
            group,
            name: "pods after four minutes without requests",
            expected: "0",
            seen: "still some",
            ok: false,
          },
        ];
      }
      await Bun.sleep(1_000);
    }
    const startedAt = performance.now();
    // All to the same version, because the other one may still have to start.
    const ask = () => statusOf(askOf(stage), CUSTOMER, { headers: { "end-user": "basic" } });
    const status = await ask();
    const seconds = (performance.now() - startedAt) / 1000;
    const again = performance.now();
    if ((await ask()) === 0) throw new Error("the request after the first one was not answered");
    const group = "scale from zero";
    return [
      {
        group,
        name: "the first request",
        expected: "200",
        seen: String(status || "no answer"),
        ok: status === 200,
      },
      figure(group, "its answer, through two services that had to start", seconds, "s"),
      figure(group, "the answer after it", performance.now() - again, "ms"),
    ];
  },
};

/** Deletes a pod of a revision under load: Knative starts another, and requests in flight finish. */
export const podKilled: Scenario = {
  name: "a revision's pod deleted under load",
  async run(stage) {
    await stage.deploy([BY_KNATIVE.istio]);
    await untilWarm(stage, BOTH_VERSIONS);
    const { results, failed } = await underLoad(stage, 40, () => killOne(stage));
    const group = "pod deleted under load";
    const rate = results.length === 0 ? 1 : failed.length / results.length;
    return [
      {
        ...figure(group, `failed of ${results.length} requests`, failed.length, ""),
        seen: describeFailures(failed) || "0",
      },
      figure(group, "share that failed", 100 * rate, "%", 5),
    ];
  },
};

async function killOne(stage: Stage): Promise<void> {
  const [pod] = await podsOf(stage, "credit-check-basic");
  if (pod === undefined) throw new Error("credit-check-basic has no pod to delete");
  await stage.kube.delete({ apiVersion: "v1", kind: "Pod", namespace: stage.namespace, name: pod });
  await Bun.sleep(8_000);
}

/** The names of the pods of all services, or of one revision, except terminating ones. */
export async function podsOf({ kube, namespace }: Stage, revision?: string): Promise<string[]> {
  const labelSelector = revision === undefined ? SERVICE_LABEL : `${REVISION_LABEL}=${revision}`;
  const { items } = await kube.list(POD, { namespace, labelSelector });
  return checked(LivePod, items)
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => metadata.name);
}
