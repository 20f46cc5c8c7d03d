import Type, { type Static } from "typebox";
import { Check } from "typebox/schema";
import type { Kube } from "./kube/client.ts";
import { UserError } from "./user-error.ts";

const Address = Type.Object({ ip: Type.Optional(Type.String()), hostname: Type.Optional(Type.String()) });

const GatewayService = Type.Object({
  metadata: Type.Object({ name: Type.String(), namespace: Type.String() }),
  spec: Type.Object({
    type: Type.Optional(Type.String()),
    ports: Type.Array(
      Type.Object({
        name: Type.Optional(Type.String()),
        port: Type.Integer(),
        nodePort: Type.Optional(Type.Integer()),
      }),
    ),
  }),
  status: Type.Optional(
    Type.Object({
      loadBalancer: Type.Optional(Type.Object({ ingress: Type.Optional(Type.Array(Address)) })),
    }),
  ),
});
type GatewayService = Static<typeof GatewayService>;

const Node = Type.Object({
  status: Type.Object({
    addresses: Type.Optional(Type.Array(Type.Object({ type: Type.String(), address: Type.String() }))),
  }),
});

/** An address at which the ingress gateway may be reachable. */
export interface Candidate {
  url: string;
  /** The kind of the address. */
  by: "load balancer" | "node port" | "given";
}

/** The address at which the ingress gateway answered. */
export interface Ingress extends Candidate {}

/** No address of the ingress gateway responds; the message suggests what to try. */
export class NoIngress extends UserError {}

export interface FindIngressOptions {
  kube: Kube;
  /** An address from the user; no other is tried then. */
  given?: string | undefined;
  signal?: AbortSignal | undefined;
  /** @default fetch */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

const ATTEMPT_MS = 5_000;

// No route matches it, so the gateway itself answers and no service is started.
const UNROUTED_PATH = "/-/kyc-looks-for-the-ingress";

/**
 * Finds the ingress gateway by trying load balancers, and node ports on this machine and on the nodes. Any HTTP
 * response counts, and the first one decides.
 * @throws NoIngress if no address answers
 */
export async function findIngress(options: FindIngressOptions): Promise<Ingress> {
  const { kube, given, signal, fetch: get = fetch } = options;
  const candidates: Candidate[] =
    given === undefined ? await ingressCandidates(kube) : [{ url: given.replace(/\/+$/, ""), by: "given" }];
  const attempts = candidates.map(async (candidate) => {
    const late = AbortSignal.timeout(ATTEMPT_MS);
    const either = signal === undefined ? late : AbortSignal.any([signal, late]);
    await get(`${candidate.url}${UNROUTED_PATH}`, { redirect: "manual", signal: either });
    return candidate;
  });
  return Promise.any(attempts).catch(() => {
    signal?.throwIfAborted();
    throw new NoIngress(explain(candidates, given !== undefined));
  });
}

/** Returns the addresses at which the ingress gateway may answer. */
export async function ingressCandidates(kube: Kube): Promise<Candidate[]> {
  const { items } = await kube.list(
    { apiVersion: "v1", kind: "Service" },
    { labelSelector: "istio=ingressgateway" },
  );
  const services = items.filter((item): item is typeof item & GatewayService => Check(GatewayService, item));
  const nodes = await kube.list({ apiVersion: "v1", kind: "Node" });
  const addresses = nodes.items.flatMap((node) => {
    if (!Check(Node, node)) return [];
    const wanted = ["ExternalIP", "InternalIP"];
    return (node.status.addresses ?? [])
      .filter(({ type }) => wanted.includes(type))
      .map(({ address }) => address);
  });
  return services.flatMap((service) => [
    ...loadBalancers(service),
    ...nodePorts(service, ["127.0.0.1", ...new Set(addresses)]),
  ]);
}

function loadBalancers(service: GatewayService): Candidate[] {
  const port = httpPort(service)?.port ?? 80;
  return (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }) => {
    const host = ip ?? hostname;
    return host === undefined ? [] : [{ url: address(host, port), by: "load balancer" as const }];
  });
}

function nodePorts(service: GatewayService, hosts: readonly string[]): Candidate[] {
  const port = httpPort(service)?.nodePort;
  if (port === undefined) return [];
  return hosts.map((host) => ({ url: address(host, port), by: "node port" as const }));
}

function httpPort({ spec }: GatewayService): GatewayService["spec"]["ports"][number] | undefined {
  return spec.ports.find(({ port }) => port === 80);
}

function address(host: string, port: number): string {
  const name = host.includes(":") ? `[${host}]` : host;
  return port === 80 ? `http://${name}` : `http://${name}:${port}`;
}

function explain(candidates: readonly Candidate[], wasGiven: boolean): string {
  if (wasGiven) return `No server answers at ${candidates[0]?.url}. Omit --ingress to search for it.`;
  const tried = candidates.map(({ url }) => url).join(", ");
  return [
    candidates.length === 0
      ? "No Service of the Istio ingress gateway was found (label istio=ingressgateway). Run ./kyc up."
      : `The ingress gateway is not reachable from here; tried ${tried}.`,
    "On minikube, run `minikube tunnel` in another terminal; elsewhere",
    "`kubectl port-forward -n istio-system svc/istio-ingressgateway 8080:80`, and add --ingress http://127.0.0.1:8080.",
  ].join("\n");
}
