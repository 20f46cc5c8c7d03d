import type { KubeObject } from "../../cluster/kube/kube-object.ts";
import { MANAGED_BY, MANAGER } from "../../cluster/ownership.ts";
import type { PolicyRule, Rights } from "../../cluster/rbac.ts";
import { historyName } from "../../engines/on-cluster/history-map.ts";
import { rolloutName } from "../lock/lease-lock.ts";
import { evidenceName } from "../record/evidence-map.ts";

export interface JobOptions {
  namespace: string;
  service: string;
  /** The rights of the engine and the source. */
  rights: readonly Rights[];
  /** The namespaces that have pods of the ingress gateway. */
  gatewayNamespaces: readonly string[];
  image: string;
  /** The command's arguments after `rollout`. */
  args: readonly string[];
  /** The suffix of the Job's name. */
  suffix: string;
  by: string;
}

/**
 * Returns the objects of a rollout as a Job in the order of their application. Its service account has only the
 * rights for its engine, its source, and its own journal, outcomes and Lease.
 */
export function jobObjects(options: JobOptions): KubeObject[] {
  const { namespace, service, rights, gatewayNamespaces } = options;
  const name = rolloutName(service);
  const subject = { kind: "ServiceAccount", name, namespace };
  const meta = (of: string | undefined, called = name): KubeObject["metadata"] => ({
    name: called,
    ...(of === undefined ? {} : { namespace: of }),
    labels: { [MANAGED_BY]: MANAGER, app: name },
  });
  const bound = (
    kind: "Role" | "ClusterRole",
    of: string | undefined,
    called: string,
    rules: readonly PolicyRule[],
  ) => {
    const role = { apiVersion: RBAC, kind, metadata: meta(of, called), rules: distinct(rules) };
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind, name: called };
    return [
      role,
      { apiVersion: RBAC, kind: `${kind}Binding`, metadata: meta(of, called), roleRef, subjects: [subject] },
    ];
  };
  const elsewhere = gatewayNamespaces.filter((each) => each !== namespace);
  return [
    {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: meta(namespace),
      automountServiceAccountToken: false,
    },
    { apiVersion: "v1", kind: "ConfigMap", metadata: meta(namespace) },
    { apiVersion: "v1", kind: "ConfigMap", metadata: meta(namespace, evidenceName(service)) },
    { apiVersion: "v1", kind: "ConfigMap", metadata: meta(namespace, historyName(service)) },
    { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: meta(namespace) },
    ...bound("Role", namespace, name, [...rights.flatMap(({ own }) => own), ...journalRules(service)]),
    ...elsewhere.flatMap((each) =>
      bound(
        "Role",
        each,
        `${name}.${namespace}`,
        rights.flatMap(({ gateways }) => gateways),
      ),
    ),
    ...bound(
      "ClusterRole",
      undefined,
      `${name}.${namespace}`,
      rights.flatMap(({ everywhere }) => everywhere),
    ),
    job(options, meta(namespace, `${name}-${options.suffix}`)),
  ] as KubeObject[];
}

const RBAC = "rbac.authorization.k8s.io/v1";

/** The rights on the journal, the outcomes and the Lease of a service's rollouts, and to write events. */
function journalRules(service: string): PolicyRule[] {
  const resourceNames = [rolloutName(service)];
  return [
    {
      apiGroups: [""],
      resources: ["configmaps"],
      resourceNames: [...resourceNames, evidenceName(service)],
      verbs: ["get", "update", "patch"],
    },
    {
      apiGroups: ["serving.knative.dev"],
      resources: ["services"],
      resourceNames: [service],
      verbs: ["get"],
    },
    { apiGroups: [""], resources: ["events"], verbs: ["create"] },
    { apiGroups: ["coordination.k8s.io"], resources: ["leases"], resourceNames, verbs: ["get", "update"] },
  ];
}

/** Returns each rule once: engine and source may need the same. */
function distinct(rules: readonly PolicyRule[]): PolicyRule[] {
  return [...new Map(rules.map((rule) => [JSON.stringify(rule), rule])).values()];
}

function job({ service, image, args, by }: JobOptions, metadata: KubeObject["metadata"]): object {
  const env = { KYC_ROLLOUT_JOB: "1", KYC_ROLLOUT_BY: by, HOME: "/tmp", NO_COLOR: "1" };
  const container = {
    name: "rollout",
    image,
    imagePullPolicy: "IfNotPresent",
    args: ["rollout", ...args],
    env: Object.entries(env).map(([name, value]) => ({ name, value })),
    resources: { requests: { cpu: "25m", memory: "64Mi" }, limits: { cpu: "1", memory: "256Mi" } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      capabilities: { drop: ["ALL"] },
      seccompProfile: { type: "RuntimeDefault" },
    },
    volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
  };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata,
    spec: {
      backoffLimit: 10,
      ttlSecondsAfterFinished: 86_400,
      // "Rolled back", "not begun" and "held" are final. After any other exit a new pod resumes the rollout.
      podFailurePolicy: {
        rules: [
          { action: "FailJob", onExitCodes: { containerName: "rollout", operator: "In", values: [1, 2, 3] } },
        ],
      },
      template: {
        metadata: { labels: { ...metadata.labels, "sidecar.istio.io/inject": "false" } },
        spec: {
          serviceAccountName: rolloutName(service),
          automountServiceAccountToken: true,
          enableServiceLinks: false,
          restartPolicy: "Never",
          terminationGracePeriodSeconds: 10,
          containers: [container],
          volumes: [{ name: "tmp", emptyDir: {} }],
        },
      },
    },
  };
}
