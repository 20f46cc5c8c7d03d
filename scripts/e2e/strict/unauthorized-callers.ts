import Type from "typebox";
import { Check } from "typebox/schema";
import type { KubeObject } from "../../cluster/kube/kube-object.ts";
import { podLogs } from "../../cluster/kube/pod-logs.ts";
import type { Stage } from "../scenario.ts";
import type { Probe } from "./probes.ts";

/** A pod that may not call the credit check. */
export interface Intruder {
  name: string;
  namespace: string;
  /** Whether the pod has a sidecar, and so an identity in the mesh. */
  sidecar: boolean;
}

/** A request that a credit check answered although it must not. */
export interface Breach {
  intruder: string;
  probe: string;
  answer: string;
}

const Line = Type.Union([
  Type.Object({ name: Type.String(), answer: Type.String() }),
  Type.Object({ done: Type.Literal(true) }),
]);

const STARTED_WITHIN_MS = 90_000;
const PROGRAM = new URL("probe-program.ts", import.meta.url);

/**
 * Sends every probe from a pod of each intruder.
 * @returns the number of sent requests, and those that a credit check answered
 * @throws Error when a pod does not finish its list
 */
export async function intrude(
  stage: Stage,
  intruders: readonly Intruder[],
  probes: readonly Probe[],
): Promise<{ sent: number; breaches: Breach[] }> {
  const found = await Promise.all(intruders.map((intruder) => tryAll(stage, intruder, probes)));
  return { sent: intruders.length * probes.length, breaches: found.flat() };
}

async function tryAll(stage: Stage, intruder: Intruder, probes: readonly Probe[]): Promise<Breach[]> {
  const pod = await podFor(stage, intruder, probes);
  const ref = { apiVersion: "v1", kind: "Pod", namespace: intruder.namespace, name: pod.metadata.name };
  await stage.kube.delete(ref);
  while ((await stage.kube.get(ref)) !== undefined) await Bun.sleep(200);
  await stage.kube.create(pod, { fieldManager: "kyc" });
  try {
    const breaches: Breach[] = [];
    for (const { name, answer } of await answers(stage, pod)) {
      if (isCreditCheck(answer)) breaches.push({ intruder: intruder.name, probe: name, answer });
    }
    return breaches;
  } finally {
    await stage.kube.delete(ref);
  }
}

/** The results of the pod, when it has finished its list. */
async function answers(
  { kube, signal }: Stage,
  { metadata }: KubeObject,
): Promise<{ name: string; answer: string }[]> {
  const { name: pod, namespace = "default" } = metadata;
  const end = performance.now() + STARTED_WITHIN_MS;
  while (performance.now() < end) {
    signal.throwIfAborted();
    await Bun.sleep(500);
    const lines: unknown[] = [];
    try {
      for await (const line of podLogs(kube, { namespace, pod, container: "probe" }))
        lines.push(parsed(line));
    } catch {
      // There is no log until the container runs.
      continue;
    }
    const seen = lines.filter((line) => Check(Line, line));
    if (seen.some((line) => "done" in line)) return seen.flatMap((line) => ("done" in line ? [] : [line]));
  }
  throw new Error(
    `pod ${namespace}/${pod} did not get through its requests: kubectl describe pod -n ${namespace} ${pod}`,
  );
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

// Not the header x-kyc-revision: with a split by Istio, Envoy also sets it on its own refusals.
/** A report, an error of the service, or metrics: a response that only the pod itself can give. */
function isCreditCheck(answer: string): boolean {
  return /"type":"(BASIC|ADVANCED)|KYC-CRD-CHK|http_server_request_duration|^revision_|^queue_/m.test(answer);
}

async function podFor(
  { images }: Stage,
  { name, namespace, sidecar }: Intruder,
  probes: readonly Probe[],
): Promise<KubeObject> {
  const image = images.find((built) => built.name === "credit-check")?.image;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `kyc-e2e-${name}`,
      namespace,
      labels: {
        "app.kubernetes.io/managed-by": "kyc",
        "sidecar.istio.io/inject": String(sidecar),
      },
      annotations: { "proxy.istio.io/config": '{"holdApplicationUntilProxyStarts": true}' },
    },
    spec: {
      restartPolicy: "Never",
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: "probe",
          image,
          imagePullPolicy: "IfNotPresent",
          command: ["bun", "-e", await Bun.file(PROGRAM).text()],
          env: [{ name: "PROBES", value: JSON.stringify(probes) }],
          resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: "256Mi" } },
          securityContext: {
            allowPrivilegeEscalation: false,
            capabilities: { drop: ["ALL"] },
            runAsNonRoot: true,
            seccompProfile: { type: "RuntimeDefault" },
          },
        },
      ],
    },
  };
}
