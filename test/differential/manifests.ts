import { type Rule, toRules } from "./cases.ts";
import { ECHOES } from "./echo-names.ts";

/** A Kubernetes object as data. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  [field: string]: unknown;
}

export const NAMESPACE = "differential";
const DOMAIN = "differential.test";
const LABELS = { "app.kubernetes.io/part-of": "kyc-differential" };

/** The host of a table. */
export function hostOf(table: string): string {
  return `${table}.${DOMAIN}`;
}

/** The path that shows whether a table is in force. */
export function readyPath(table: string): string {
  return `/__table/${table}`;
}

/** A table as a VirtualService, whose first rule shows that it is in force. */
export function tableManifest(table: string, rules: readonly Rule[]): Manifest {
  const ready = { match: [{ uri: { exact: readyPath(table) } }], directResponse: { status: 200 } };
  return object("networking.istio.io/v1", "VirtualService", table, {
    hosts: [hostOf(table)],
    gateways: ["differential"],
    http: [ready, ...toRules(rules)],
  });
}

/** The Gateway, and the objects other than revisions that rules can name. */
export function commonManifests(): Manifest[] {
  return [
    object("networking.istio.io/v1", "Gateway", "differential", {
      selector: { istio: "ingressgateway" },
      servers: [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts: [`*.${DOMAIN}`] }],
    }),
    object("networking.istio.io/v1", "DestinationRule", "echo-one", {
      host: "echo-one",
      subsets: [{ name: "own", labels: { app: "echo-one" } }],
    }),
  ];
}

/** The revisions as Knative Services for the local mesh. */
export function knativeServices(): Manifest[] {
  return ECHOES.map((name) =>
    object("serving.knative.dev/v1", "Service", "echo", {
      template: { metadata: { name }, spec: { containers: [{ image: "dev.local/echo" }] } },
    }),
  );
}

/** The revisions as pods and Services of a cluster, each with an address of its own. */
export function echoManifests(program: string, image: string): Manifest[] {
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE, labels: LABELS } },
    { ...object("v1", "ConfigMap", "echo", undefined), data: { "echo.js": program } },
    ...ECHOES.flatMap((name) => [
      echoPod(name, image),
      echoService(name),
      tableManifest(`copies-${name}`, [{ route: [{ destination: { host: name } }] }]),
    ]),
    ...commonManifests(),
  ];
}

function echoPod(name: string, image: string): Manifest {
  const pod = object("v1", "Pod", name, {
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name: "echo",
        image,
        imagePullPolicy: "IfNotPresent",
        command: ["bun", "/echo/echo.js"],
        env: [
          { name: "REVISION", value: name },
          { name: "PORT", value: "8080" },
        ],
        readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
        volumeMounts: [{ name: "echo", mountPath: "/echo" }],
      },
    ],
    volumes: [{ name: "echo", configMap: { name: "echo" } }],
  });
  return { ...pod, metadata: { ...pod.metadata, labels: { ...LABELS, app: name } } };
}

function echoService(name: string): Manifest {
  return object("v1", "Service", name, {
    selector: { app: name },
    ports: [{ name: "http", port: 80, targetPort: 8080 }],
  });
}

function object(apiVersion: string, kind: string, name: string, spec: unknown): Manifest {
  return {
    apiVersion,
    kind,
    metadata: { name, namespace: NAMESPACE, labels: LABELS },
    ...(spec === undefined ? {} : { spec }),
  };
}
