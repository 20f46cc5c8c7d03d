/** A request of an unauthorized caller. */
export interface Probe {
  name: string;
  host: string;
  port: number;
  /** The whole request, byte for byte. */
  text: string;
}

export interface Surroundings {
  namespace: string;
  /** The pods of the credit check: their revision and address. None while it is at zero. */
  pods: readonly { revision: string; ip: string }[];
  /** The addresses of Knative's activator's pods. */
  activators: readonly string[];
}

const REVISIONS = ["credit-check-basic", "credit-check-advanced"];
const DOMAIN = "svc.cluster.local";
const GATEWAYS = [
  `knative-local-gateway.istio-system.${DOMAIN}`,
  `istio-ingressgateway.istio-system.${DOMAIN}`,
];
const ACTIVATOR = `activator-service.knative-serving.${DOMAIN}`;
// The ports of the queue-proxy for HTTP/1, HTTP/2, administration and metrics, and that of the container.
const POD_PORTS = [8012, 8013, 8022, 9090, 9091, 8080];

/** Every address of the credit check that a pod of the cluster could try, each with and without Knative's headers. */
export function probes({ namespace, pods, activators }: Surroundings): Probe[] {
  const hosts = [
    "kyc-credit-check",
    "credit-check",
    "basic-credit-check",
    "advanced-credit-check",
    ...REVISIONS,
  ].map((name) => `${name}.${namespace}.${DOMAIN}`);
  const direct = [...hosts, ...REVISIONS.map((name) => `${name}-private.${namespace}.${DOMAIN}`)];
  const all: Probe[] = [];
  for (const host of direct) {
    for (const variant of headerVariants(namespace, host)) all.push(probe(host, 80, host, variant));
    all.push(probe(host, 80, host.replace(`.${DOMAIN}`, ""), NONE));
  }
  for (const gateway of GATEWAYS) {
    for (const host of hosts)
      for (const variant of headerVariants(namespace, host)) all.push(probe(gateway, 80, host, variant));
  }
  for (const [address, port] of [[ACTIVATOR, 80] as const, ...activators.map((ip) => [ip, 8012] as const)]) {
    for (const revision of REVISIONS) {
      const host = `${revision}.${namespace}.${DOMAIN}`;
      for (const variant of headerVariants(namespace, host)) {
        all.push(probe(address, port, host, variant));
        if (variant !== NONE) all.push(probe(address, port, "any.example", variant));
      }
      for (const spelt of [`${revision}.${namespace}`, `${host}:80`, host.toUpperCase(), `${host}.`])
        all.push(probe(address, port, spelt, NONE));
    }
  }
  for (const { ip, revision } of pods) {
    for (const port of POD_PORTS) all.push(probe(ip, port, `${revision}.${namespace}.${DOMAIN}`, NONE));
    for (const variant of headerVariants(namespace, `${revision}.${namespace}.${DOMAIN}`))
      all.push(probe(ip, 8012, ip, variant));
  }
  return all;
}

interface Variant {
  name: string;
  lines: readonly string[];
}

const NONE: Variant = { name: "no Knative headers", lines: [] };

/** The ways to name a request's revision: the activator reads the first header of a name, in any case. */
function headerVariants(namespace: string, host: string): Variant[] {
  const name = host.split(".")[0] ?? "";
  const revision = REVISIONS.includes(name) ? name : "credit-check-basic";
  const variants: Variant[] = [
    {
      name: "Knative's headers",
      lines: [`Knative-Serving-Namespace: ${namespace}`, `Knative-Serving-Revision: ${revision}`],
    },
    {
      name: "Knative's headers in other letters",
      lines: [`knative-SERVING-namespace: ${namespace}`, `KNATIVE-serving-revision: ${revision}`],
    },
    { name: "the revision's header alone", lines: [`Knative-Serving-Revision: ${revision}`] },
    {
      name: "each header twice, first empty",
      lines: [
        "Knative-Serving-Namespace:",
        `Knative-Serving-Namespace: ${namespace}`,
        "Knative-Serving-Revision:",
        `Knative-Serving-Revision: ${revision}`,
      ],
    },
    {
      name: "each header twice, first right",
      lines: [
        `Knative-Serving-Namespace: ${namespace}`,
        "Knative-Serving-Namespace: default",
        `Knative-Serving-Revision: ${revision}`,
        "Knative-Serving-Revision: other",
      ],
    },
    {
      name: "headers of a probe",
      lines: [
        `Knative-Serving-Namespace: ${namespace}`,
        `Knative-Serving-Revision: ${revision}`,
        "K-Network-Probe: probe",
      ],
    },
    {
      name: "headers and agent of a health check",
      lines: [
        `Knative-Serving-Namespace: ${namespace}`,
        `Knative-Serving-Revision: ${revision}`,
        "K-Kubelet-Probe: queue",
        "User-Agent: kube-probe/1.34",
      ],
    },
  ];
  return [NONE, ...variants.map(({ name, lines }) => ({ name: `${name}, for ${revision}`, lines }))];
}

function probe(address: string, port: number, host: string, { name, lines }: Variant): Probe {
  const text = [
    "GET /credit-check/report HTTP/1.1",
    `Host: ${host}`,
    ...lines,
    "Connection: close",
    "",
    "",
  ].join("\r\n");
  return { name: `${address}:${port}, Host ${host}, ${name}`, host: address, port, text };
}
