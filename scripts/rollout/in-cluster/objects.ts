import type { KubeObject } from "../../cluster/kube/kube-object.ts";
import { MANAGED_BY, MANAGER } from "../../cluster/ownership.ts";
import { rolloutName } from "../lock/lease-lock.ts";

export interface JobOptions {
  namespace: string;
  service: string;
  engine: "knative" | "istio";
  /** Of the engine `istio`: the VirtualService that has the weights. */
  virtualService: string | undefined;
  /** Where the ingress gateway's pods are: they are asked whether they have the split, and warm the candidate. */
  gatewayNamespaces: readonly string[];
  image: string;
  /** The command's arguments after `rollout`. */
  args: readonly string[];
  /** Ends the Job's name. */
  suffix: string;
  by: string;
}

interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
  resourceNames?: string[];
}

/**
 * A rollout as a Job, with a service account that may do what this rollout does and nothing else: read who serves the
 * namespace's requests, change the split of this one service, keep its own journal and Lease, and ask the proxies for
 * their routes. In the order in which they are applied.
 */
export function jobObjects(options: JobOptions): KubeObject[] {
  const { namespace, service, gatewayNamespaces } = options;
  const name = rolloutName(service);
  const subject = { kind: "ServiceAccount", name, namespace };
  const meta = (of: string | undefined, called = name): KubeObject["metadata"] => ({
    name: called,
    ...(of === undefined ? {} : { namespace: of }),
    labels: { [MANAGED_BY]: MANAGER, app: name },
  });
  const bound = (kind: "Role" | "ClusterRole", of: string | undefined, called: string, rules: Rule[]) => {
    const role = { apiVersion: RBAC, kind, metadata: meta(of, called), rules };
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
    { apiVersion: "v1", kind: "ConfigMap", metadata: meta(namespace, `kyc-split-${service}`) },
    { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: meta(namespace) },
    ...bound("Role", namespace, name, ownRules(options)),
    ...elsewhere.flatMap((each) => bound("Role", each, `${name}.${namespace}`, GATEWAY_RULES)),
    // The gateway is looked for in all namespaces.
    ...bound("ClusterRole", undefined, `${name}.${namespace}`, [
      { apiGroups: [""], resources: ["pods"], verbs: ["list"] },
    ]),
    job(options, meta(namespace, `${name}-${options.suffix}`)),
  ] as KubeObject[];
}

const RBAC = "rbac.authorization.k8s.io/v1";
const SERVING = "serving.knative.dev";
const ISTIO = "networking.istio.io";

const GATEWAY_RULES: Rule[] = [
  { apiGroups: [""], resources: ["pods"], verbs: ["get"] },
  // Of a WebSocket some API servers ask for `get`, others for `create`.
  { apiGroups: [""], resources: ["pods/portforward"], verbs: ["get", "create"] },
];

function ownRules({ service, engine, virtualService }: JobOptions): Rule[] {
  const name = rolloutName(service);
  const written: Rule =
    engine === "knative"
      ? { apiGroups: [SERVING], resources: ["services"], resourceNames: [service], verbs: ["patch"] }
      : {
          apiGroups: [ISTIO],
          resources: ["virtualservices"],
          resourceNames: [virtualService ?? ""],
          verbs: ["update", "patch"],
        };
  return [
    written,
    { apiGroups: [SERVING], resources: ["services", "revisions"], verbs: ["get", "list"] },
    { apiGroups: [ISTIO], resources: ["virtualservices"], verbs: ["get", "list"] },
    {
      apiGroups: [""],
      resources: ["configmaps"],
      resourceNames: [name, `kyc-split-${service}`],
      verbs: ["get", "update", "patch"],
    },
    {
      apiGroups: ["coordination.k8s.io"],
      resources: ["leases"],
      resourceNames: [name],
      verbs: ["get", "update"],
    },
    { apiGroups: [""], resources: ["pods"], verbs: ["get", "list"] },
    { apiGroups: [""], resources: ["pods/portforward"], verbs: ["get", "create"] },
  ];
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
      // Rolled back, not begun and held are ends; whatever else ends the pod, another one goes on.
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
