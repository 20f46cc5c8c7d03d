import { setTimeout as sleep } from "node:timers/promises";
import Type from "typebox";
import { Check } from "typebox/schema";
import { namespaceIn } from "../manifests/namespace-of-files.ts";
import { readDocuments } from "../manifests/read.ts";
import { SPLIT_OWNERS, type SplitOwner } from "../traffic/split-owner.ts";
import { inNamespace } from "../cluster/deploy/namespace.ts";
import { KubeObject, refOf } from "../cluster/kube/kube-object.ts";
import type { CheckResult } from "../cluster/verify/check.ts";
import { verify } from "../cluster/verify/verify.ts";
import { checked } from "../cluster/workload/follow.ts";
import { LivePod, POD, REVISION_LABEL } from "../cluster/workload/live-objects.ts";
import { askOf, BOTH_VERSIONS, CUSTOMER, statusOf, untilWarm } from "./load.ts";
import { podsOf } from "./pod-lifecycle.ts";
import { figure, type Scenario, type Stage, WHOLE } from "./scenario.ts";
import { probes, type Surroundings } from "./strict/probes.ts";
import { intrude, type Intruder } from "./strict/unauthorized-callers.ts";

const SERVING = "knative-serving";
const ELSEWHERE = "kyc-e2e-elsewhere";
const REVISIONS = ["credit-check-basic", "credit-check-advanced"];
const ZERO_WITHIN_MS = 240_000;
const MODE_WITHIN_MS = 60_000;
const IN_FORCE_WITHIN_MS = 90_000;
// Istio drains connections for 45 s by default.
const DRAINED_AFTER_MS = 50_000;

/**
 * The strict overlay: only the aggregator reaches the credit check, only the ingress the aggregator. Unauthorized callers
 * try every address, with the activator in the path, without it, and at zero, under both engines.
 */
export const strict: Scenario = {
  name: "the strict overlay",
  async run(stage) {
    const intruders = await prepare(stage);
    const results: CheckResult[] = [];
    for (const engine of Object.values(SPLIT_OWNERS)) {
      const by = `by ${engine}`;
      stage.report(`strict, ${by}`);
      await applyStrict(stage, engine);
      await untilWarm(stage, BOTH_VERSIONS);
      results.push(...(await contractOf(stage, by)), await untilInForce(stage, intruders, by));
      results.push(await refused(stage, intruders, `${by}, with the activator in the path`));
      await activatorInPath(stage, false);
      results.push(await answered(stage, `${by}, without the activator`));
      results.push(await refused(stage, intruders, `${by}, without the activator`));
      await activatorInPath(stage, true);
      await untilZero(stage);
      results.push(await refused(stage, intruders, `${by}, at zero`));
      const woken = (await podsOf(stage)).length;
      results.push(check(`${by}, at zero: pods that refused requests have started`, "0", String(woken)));
      results.push(await answered(stage, `${by}, from zero`));
    }
    return results;
  },
  async clean(stage) {
    await activatorInPath(stage, true);
    await takeStrictBack(stage);
    await stage.kube.delete({ apiVersion: "v1", kind: "Namespace", name: ELSEWHERE });
    await stage.deploy(WHOLE);
  },
};

async function prepare({ kube, namespace }: Stage): Promise<Intruder[]> {
  const labels = { "istio-injection": "enabled", "app.kubernetes.io/managed-by": "kyc" };
  await kube.apply(
    { apiVersion: "v1", kind: "Namespace", metadata: { name: ELSEWHERE, labels } },
    { fieldManager: "kyc", force: true },
  );
  return [
    { name: "beside", namespace, sidecar: true },
    { name: "elsewhere", namespace: ELSEWHERE, sidecar: true },
    { name: "outside", namespace: ELSEWHERE, sidecar: false },
  ];
}

/**
 * Waits until no unauthorized caller is answered. Envoy keeps open connections under the policies with which they began
 * until it has drained them, which takes up to 45 seconds by Istio's default.
 */
async function untilInForce(stage: Stage, intruders: readonly Intruder[], by: string): Promise<CheckResult> {
  const startedAt = performance.now();
  const list = probes(await surroundings(stage)).filter(({ name }) => name.endsWith("no Knative headers"));
  for (;;) {
    const { breaches } = await intrude(stage, intruders, list);
    const ms = performance.now() - startedAt;
    const name = `${by}: seconds until the policies held on every connection`;
    if (breaches.length === 0 || ms > IN_FORCE_WITHIN_MS)
      return { ...figure("strict", name, ms / 1000, "s"), ok: breaches.length === 0 };
  }
}

async function refused(stage: Stage, intruders: readonly Intruder[], when: string): Promise<CheckResult> {
  const { sent, breaches } = await intrude(stage, intruders, probes(await surroundings(stage)));
  const seen =
    breaches.length === 0
      ? `0 of ${sent}`
      : `${breaches.length} of ${sent}, such as ${breaches
          .slice(0, 3)
          .map(({ intruder, probe }) => `${intruder}: ${probe}`)
          .join("; ")}`;
  return {
    group: "strict",
    name: `${when}: answers to those who may not call`,
    expected: "none",
    seen,
    ok: breaches.length === 0,
  };
}

async function surroundings({ kube, namespace }: Stage): Promise<Surroundings> {
  const [own, serving] = await Promise.all([
    kube.list(POD, { namespace }),
    kube.list(POD, { namespace: SERVING, labelSelector: "app=activator" }),
  ]);
  const pods = checked(LivePod, own.items).flatMap((pod) => {
    const revision = pod.metadata.labels?.[REVISION_LABEL] ?? "";
    const ip = pod.status?.podIP;
    return REVISIONS.includes(revision) && ip !== undefined ? [{ revision, ip }] : [];
  });
  const activators = checked(LivePod, serving.items).flatMap(({ status }) => status?.podIP ?? []);
  return { namespace, pods, activators };
}

async function contractOf(stage: Stage, by: string): Promise<CheckResult[]> {
  const { kube, root, namespace, ingress, signal } = stage;
  const results = await verify({
    kube,
    root,
    namespace,
    ingress,
    requests: 500,
    signal,
    onProgress: () => {},
  });
  const failed = results.filter(({ ok }) => !ok).map(({ group, name, seen }) => `${group}, ${name}: ${seen}`);
  return [
    check(
      `${by}: checks of verify that do not hold, of ${results.length}`,
      "none",
      failed.join("; ") || "none",
    ),
  ];
}

async function answered(stage: Stage, when: string): Promise<CheckResult> {
  const statuses = await Promise.all(
    ["", "?type=basicReport", "?type=advancedReport"].map((query) =>
      statusOf(askOf(stage), `${CUSTOMER}${query}`),
    ),
  );
  const answers = statuses.map((status) => status || "no answer");
  return check(`${when}: through the ingress`, "200, 200, 200", answers.join(", "));
}

function check(name: string, expected: string, seen: string): CheckResult {
  return { group: "strict", name, expected, seen, ok: seen === expected };
}

const Sks = Type.Object({ spec: Type.Object({ mode: Type.Optional(Type.String()) }) });

/** Puts the activator into the path of the credit check, the default with few pods, or removes it. */
async function activatorInPath(stage: Stage, inPath: boolean): Promise<void> {
  const { kube, namespace } = stage;
  const internal = (group: string, kind: string, name: string) => ({
    apiVersion: `${group}.internal.knative.dev/v1alpha1`,
    kind,
    namespace,
    name,
  });
  const annotations = { "autoscaling.knative.dev/target-burst-capacity": inPath ? null : "0" };
  for (const name of REVISIONS) {
    const autoscaler = internal("autoscaling", "PodAutoscaler", name);
    if ((await kube.get(autoscaler)) !== undefined)
      await kube.patch(autoscaler, { metadata: { annotations } }, { fieldManager: "kyc" });
  }
  if (inPath) return;
  const end = performance.now() + MODE_WITHIN_MS;
  for (const name of REVISIONS) {
    const service = internal("networking", "ServerlessService", name);
    for (;;) {
      // At zero the activator is always in the path.
      await untilWarm(stage, BOTH_VERSIONS);
      const found = await kube.get(service);
      if (Check(Sks, found) && found.spec.mode === "Serve") break;
      if (performance.now() > end)
        throw new Error(`Knative did not remove the activator from the path of ${name}`);
      await Bun.sleep(500);
    }
  }
}

async function untilZero(stage: Stage): Promise<void> {
  stage.report("waiting until the services are at zero");
  const end = performance.now() + ZERO_WITHIN_MS;
  while ((await podsOf(stage)).length > 0) {
    stage.signal.throwIfAborted();
    if (performance.now() > end) throw new Error("the services do not scale to zero");
    await Bun.sleep(1_000);
  }
}

const STRICT = "istio/strict";
// The objects that the other overlays do not have, and so do not replace.
const OF_BY_KNATIVE = ["Sidecar", "ServiceEntry"];
const OWN = [...OF_BY_KNATIVE, "PeerAuthentication", "AuthorizationPolicy", "NetworkPolicy"];

/** Deploys the strict overlay with a split by Knative or by Istio. */
export async function applyStrict(stage: Stage, by: SplitOwner): Promise<void> {
  await stage.deploy([STRICT]);
  if (by === SPLIT_OWNERS.knative) return;
  await stage.deploy(["istio/split/by-istio"]);
  await remove(stage, OF_BY_KNATIVE);
}

/**
 * Removes the objects that only the strict overlay has, and waits until no connection has its policies any more: until
 * Envoy has drained an open connection, it refuses requests (403) that another connection answers.
 */
export async function takeStrictBack(stage: Stage): Promise<void> {
  if (await remove(stage, OWN)) await sleep(DRAINED_AFTER_MS, undefined, { signal: stage.signal });
}

/** @returns whether any of the objects existed */
async function remove({ kube, root, namespace }: Stage, kinds: readonly string[]): Promise<boolean> {
  const { documents } = await readDocuments(root, [STRICT]);
  const from = namespaceIn(documents.map(({ value }) => value));
  let isRemoved = false;
  for (const { value } of documents) {
    if (Check(KubeObject, value) && kinds.includes(value.kind)) {
      const existed = await kube.delete(refOf(inNamespace(value, { from, to: namespace })));
      isRemoved ||= existed;
    }
  }
  return isRemoved;
}
