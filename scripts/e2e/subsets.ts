import { Check } from "typebox/schema";
import { KubeObject } from "../cluster/kube/kube-object.ts";
import { deploymentsIn, notReady } from "../cluster/platform/deployments.ts";
import { UserError } from "../cluster/user-error.ts";
import type { CheckResult } from "../cluster/verify/check.ts";
import { observeSplit } from "../cluster/verify/split-checks.ts";
import { istioEngine } from "../engines/istio/istio-engine.ts";
import { readDocuments } from "../manifests/read.ts";
import { askOf, describeFailures, THROUGH_SPLIT, underLoad, untilWarm } from "./load.ts";
import { figure, type Scenario, type Stage } from "./scenario.ts";

const FOLDER = "examples/classic-istio/istio";
const NAMESPACE = "classic";
const HOST = { host: "classic.example" };
const REQUESTS = 500;
const READY_WITHIN_MS = 180_000;
const RPS = 20;

/** Moves a split between the subsets of a Service whose versions are Deployments, under load. */
export const subsets: Scenario = {
  name: "splits between subsets",
  async run(stage) {
    await start(stage);
    await untilWarm(stage, [HOST]);
    const group = "splits between subsets";
    const results: CheckResult[] = [];
    const tookMs: number[] = [];
    const engine = await istioEngine({ kube: stage.kube, namespace: NAMESPACE, service: "credit-check" });
    const load = await underLoad(
      stage,
      RPS,
      async () => {
        for (const percent of [25, 100, 0, 50]) {
          const { targets, version } = await engine.read();
          const wanted = targets.map((target) => {
            return { ...target, percent: target.revision === "v2" ? percent : 100 - percent };
          });
          await engine.write(wanted, version, "kyc e2e");
          tookMs.push((await engine.inForce(stage.signal)).ms);
          results.push(await shareOfV2(stage, group, percent));
        }
      },
      HOST,
    );
    return [
      ...results,
      figure(
        group,
        "from the write until the engine reports it in force, longest",
        Math.max(...tookMs),
        "ms",
      ),
      {
        ...figure(group, `failed of ${load.results.length} requests`, load.failed.length, "", 0),
        seen: describeFailures(load.failed) || "0",
      },
    ];
  },
  clean: ({ kube }) => kube.delete({ apiVersion: "v1", kind: "Namespace", name: NAMESPACE }),
};

async function shareOfV2(stage: Stage, group: string, percent: number): Promise<CheckResult> {
  const counted = { ...THROUGH_SPLIT, headers: HOST };
  const { counts, failed } = await observeSplit(askOf(stage), counted, REQUESTS, stage.signal);
  const seen = (100 * (counts.get("v2") ?? 0)) / REQUESTS;
  // Five standard deviations; exact for a share of 0.
  const atMost = 5 * Math.sqrt((percent * (100 - percent)) / REQUESTS);
  return {
    group,
    name: `v2 ${percent} %`,
    expected: `${percent} %, none failed`,
    seen: `${seen.toFixed(1)} % of ${REQUESTS}${failed > 0 ? `, ${failed} failed` : ""}`,
    ok: failed === 0 && Math.abs(seen - percent) <= atMost,
  };
}

/** Applies the example, with the images of this deployment, and waits until its Deployments are ready. */
async function start({ kube, root, images, signal, report }: Stage): Promise<void> {
  const { documents } = await readDocuments(root, [FOLDER]);
  for (const { value } of documents) {
    const text = images.reduce(
      (text, { name, image }) => text.replaceAll(`dev.local/kyc/${name}:dev`, image),
      JSON.stringify(value),
    );
    const object: unknown = JSON.parse(text);
    if (Check(KubeObject, object)) await kube.apply(object, { fieldManager: "kyc", force: true, signal });
  }
  report("waiting until the Deployments are ready");
  const end = performance.now() + READY_WITHIN_MS;
  for (;;) {
    const deployments = await deploymentsIn(kube, NAMESPACE);
    const why = await notReady(kube, deployments);
    if (why === undefined && deployments.length > 0) return;
    if (performance.now() > end) throw new UserError(why ?? `${NAMESPACE} has no Deployment`);
    await Bun.sleep(500);
    signal.throwIfAborted();
  }
}
