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

/** A way to the ingress gateway that may work from here. */
export interface Candidate {
  url: string;
  /** How it gets there. */
  by: "load balancer" | "node port" | "given";
}

/** The way to the ingress gateway that works from here. */
export interface Ingress extends Candidate {}

/** No way works from here; the message says what to try. */
export class NoIngress extends UserError {}

export interface FindIngressOptions {
  kube: Kube;
  /** An address that the user gave; no other is tried then. */
  given?: string | undefined;
  signal?: AbortSignal | undefined;
  /** @default fetch */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

const ATTEMPT_MS = 5_000;

// No route takes it, so that the gateway itself answers and no service is woken for it.
const NOBODYS_PATH = "/-/kyc-looks-for-the-ingress";

/**
 * Finds the ingress gateway by trying: load balancers, and node ports at this machine and at the nodes' addresses.
 * Any HTTP answer counts, and the first one decides.
 * @throws NoIngress when none answers
 */
export async function findIngress(options: FindIngressOptions): Promise<Ingress> {
  const { kube, given, signal, fetch: get = fetch } = options;
  const candidates: Candidate[] =
    given === undefined ? await ingressCandidates(kube) : [{ url: given.replace(/\/+$/, ""), by: "given" }];
  const attempts = candidates.map(async (candidate) => {
    const late = AbortSignal.timeout(ATTEMPT_MS);
    const either = signal === undefined ? late : AbortSignal.any([signal, late]);
    await get(`${candidate.url}${NOBODYS_PATH}`, { redirect: "manual", signal: either });
    return candidate;
  });
  return Promise.any(attempts).catch(() => {
    signal?.throwIfAborted();
    throw new NoIngress(explain(candidates, given !== undefined));
  });
}

/** The addresses at which the ingress gateway might answer. */
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
  if (wasGiven) return `Nothing answers at ${candidates[0]?.url}. Leave --ingress out to have it looked for.`;
  const tried = candidates.map(({ url }) => url).join(", ");
  return [
    candidates.length === 0
      ? "There is no Service of the Istio ingress gateway (label istio=ingressgateway). Run ./kyc up."
      : `The ingress gateway does not answer from here; tried ${tried}.`,
    "On minikube, run `minikube tunnel` in another terminal; elsewhere",
    "`kubectl port-forward -n istio-system svc/istio-ingressgateway 8080:80`, and add --ingress http://127.0.0.1:8080.",
  ].join("\n");
}
