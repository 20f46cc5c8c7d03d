import Type from "typebox";
import { Check } from "typebox/schema";
import { deploy } from "../cluster/deploy/deploy.ts";
import { inNamespace } from "../cluster/deploy/namespace.ts";
import { KubeObject } from "../cluster/kube/kube-object.ts";
import { type CheckResult, equalCheck } from "../cluster/verify/check.ts";
import { POD } from "../cluster/workload/live-objects.ts";
import { namespaceIn } from "../manifests/namespace-of-files.ts";
import { readDocuments } from "../manifests/read.ts";
import { mirrorOf, shadowRun } from "./shadowing.ts";
import { BOTH_VERSIONS, untilWarm } from "./load.ts";
import { QUIETLY, type Scenario, type Stage } from "./scenario.ts";
import { messageOf } from "../text/message-of.ts";

const RESTRICTED = "kyc-e2e-restricted";
const STRICT = "istio/strict";

/** Checks that the pods start with Pod Security enforced, and that the NetworkPolicies select existing pods. */
export const hardening: Scenario = {
  name: "Pod Security and NetworkPolicies",
  async run(stage) {
    const restricted = await startsRestricted(stage);
    stage.report("starting the shadow service, which the policies name");
    const mirror = await mirrorOf(stage);
    try {
      await mirror.start(shadowRun(stage, 1), stage.signal);
      return [restricted, ...(await peersExist(stage))];
    } finally {
      await mirror.stop();
    }
  },
  async clean(stage) {
    await (await mirrorOf(stage)).stop();
    await stage.kube.delete({ apiVersion: "v1", kind: "Namespace", name: RESTRICTED });
  },
};

/** Deploys all of `knative` to a namespace that enforces the standard `restricted`, and has no sidecars. */
async function startsRestricted({ kube, root, images, signal, report }: Stage): Promise<CheckResult> {
  report("starting the services with Pod Security enforced");
  const { documents } = await readDocuments(root, ["knative"]);
  const restricted = documents.map((document) => ({ ...document, value: withEnforcement(document.value) }));
  const result = { group: "hardening", name: 'services under Pod Security "restricted"', expected: "ready" };
  try {
    await deploy({ kube, documents: restricted, images, namespace: RESTRICTED, signal, ...QUIETLY });
    return { ...result, seen: "ready", ok: true };
  } catch (error) {
    signal.throwIfAborted();
    return { ...result, seen: messageOf(error), ok: false };
  }
}

function withEnforcement(value: unknown): unknown {
  if (!Check(KubeObject, value) || value.kind !== "Namespace") return value;
  const labels = {
    "app.kubernetes.io/managed-by": "kyc",
    "pod-security.kubernetes.io/enforce": "restricted",
  };
  return { ...value, metadata: { ...value.metadata, labels } };
}

const Labels = Type.Record(Type.String(), Type.String());
const Selector = Type.Object({ matchLabels: Labels });
const Peer = Type.Object({
  podSelector: Type.Optional(Selector),
  namespaceSelector: Type.Optional(Selector),
});
const Rules = Type.Optional(
  Type.Array(Type.Object({ from: Type.Optional(Type.Array(Peer)), to: Type.Optional(Type.Array(Peer)) })),
);
const NetworkPolicy = Type.Object({
  kind: Type.Literal("NetworkPolicy"),
  metadata: Type.Object({ name: Type.String(), namespace: Type.String() }),
  spec: Type.Object({ podSelector: Selector, ingress: Rules, egress: Rules }),
});

/** Finds misspelt labels in policies, which block traffic only if a network plugin enforces them. */
async function peersExist(stage: Stage): Promise<CheckResult[]> {
  const { kube, root, namespace } = stage;
  await untilWarm(stage, BOTH_VERSIONS);
  const { documents } = await readDocuments(root, [STRICT]);
  const from = namespaceIn(documents.map(({ value }) => value));
  const results: CheckResult[] = [];
  for (const { value } of documents) {
    if (!Check(KubeObject, value)) continue;
    const policy = inNamespace(value, { from, to: namespace });
    if (!Check(NetworkPolicy, policy)) continue;
    const { podSelector, ingress = [], egress = [] } = policy.spec;
    const peers = [{ podSelector }, ...[...ingress, ...egress].flatMap(({ from, to }) => from ?? to ?? [])];
    const missing: string[] = [];
    for (const peer of peers) {
      const where = peer.namespaceSelector?.matchLabels["kubernetes.io/metadata.name"] ?? namespace;
      const labels = Object.entries(peer.podSelector?.matchLabels ?? {});
      const labelSelector = labels.map(([key, label]) => `${key}=${label}`).join(",");
      const { items } = await kube.list(POD, { namespace: where, labelSelector });
      if (items.length === 0) missing.push(`${where} ${labelSelector}`);
    }
    const name = `NetworkPolicy ${policy.metadata.name}: selectors that match no pod, of ${peers.length}`;
    results.push(equalCheck("hardening", name, "none", missing.join("; ") || "none"));
  }
  return results;
}
