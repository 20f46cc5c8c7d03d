import { createHash } from "node:crypto";
import { hostOf, LOCAL_DOMAIN } from "../../traffic/hosts.ts";
import { type KnownServer, readGateways } from "../../traffic/istio/gateways.ts";
import { INGRESS_PODS } from "../../traffic/istio/proxy-pods.ts";
import {
  hostsOn,
  type Listener,
  type RouteTable,
  speaksTls,
  type VirtualHosts,
} from "../../traffic/table.ts";
import type { Configuration } from "../configuration.ts";
import type { Certificate } from "./local-authority.ts";

/** A port of a gateway: the servers of Gateways that share one socket of this machine. */
export interface GatewayPort {
  /** Equal for ports that can keep their socket after an edit. */
  key: string;
  /** As at the cluster's load balancer. */
  number: number;
  protocol: "http" | "https";
  /** Its Gateways, as `namespace/name`. */
  gateways: readonly string[];
  /** The listeners of its servers, in the order of the files. */
  listeners: readonly Listener[];
  /** The served hosts, in lower case, possibly with wildcards. */
  hosts(): readonly string[];
  /** The user's certificate; undefined for plain HTTP, and if this machine makes one. */
  certificate: Certificate | undefined;
}

// The Service of Istio's gateways forwards these ports to other ports of the pods, and a Gateway may name either.
// (istio, manifests/charts/gateway/values.yaml)
const PUBLIC_PORTS: Readonly<Record<number, number>> = { 8080: 80, 8443: 443 };

/** Returns the port of the ingress gateway for plain HTTP, and those that Gateways open besides it. */
export function gatewayPorts({ resources, plan, certificates }: Configuration): {
  main: GatewayPort;
  others: GatewayPort[];
} {
  const servers = [...readGateways(resources.gateways)].flatMap(([gateway, list]) =>
    list.map((server) => ({ gateway, server, socket: socketOf(server, certificates) })),
  );
  const ports = [...Map.groupBy(servers, ({ socket }) => socket).values()].map((same): GatewayPort => {
    const [{ socket, server }] = same as [(typeof same)[number]];
    const listeners = [...new Set(same.map(({ server: { listener } }) => listener))];
    const certificate = certificateOf(server, certificates);
    const protocol = speaksTls(server.listener) ? "https" : "http";
    let found: readonly string[] | undefined;
    // Computed on demand: an edit of one of thousands of hosts needs the hosts of few ports.
    const hosts = (): readonly string[] =>
      (found ??= hostsOf(
        same.map(({ server }) => server),
        plan.table,
      ));
    // A certificate that is made here covers these hosts.
    const made = protocol === "https" && certificate === undefined ? ` for ${hosts().join(" ")}` : "";
    return {
      key: socket + made,
      number: publicNumber(server.port),
      protocol,
      gateways: [...new Set(same.map(({ gateway }) => gateway))],
      listeners,
      hosts,
      certificate,
    };
  });
  const main = ports.find(({ listeners }) => listeners.includes("ingress"));
  if (main === undefined) throw new Error("Knative's Gateways are on every cluster");
  return { main, others: ports.filter((port) => port !== main && !port.listeners.includes("local-gateway")) };
}

/** Returns the listener of a port that serves a host, and the host as named in the rules there. */
export function entryOf(
  listeners: readonly Listener[],
  table: RouteTable,
  authority: string,
): { listener: Listener; host: string } {
  const asked = hostOf(authority);
  const suffix = `.${LOCAL_DOMAIN}`;
  const names = asked.endsWith(suffix) ? [asked, asked.slice(0, -suffix.length)] : [asked];
  for (const host of names) {
    const listener = listeners.find((each) => isNamed(hostsOn(table, each), host));
    if (listener !== undefined) return { listener, host };
  }
  const open = listeners.find((each) => hostsOn(table, each).any !== undefined);
  return { listener: open ?? listeners[0] ?? "ingress", host: asked };
}

/** Whether rules are for a host by name, and not by `*`. */
export function isNamed({ exact, suffixes }: VirtualHosts, host: string): boolean {
  return exact.has(host) || suffixes.some(([suffix]) => host.length > suffix.length && host.endsWith(suffix));
}

function publicNumber(port: number): number {
  return PUBLIC_PORTS[port] ?? port;
}

/** Identifies a socket: the pods, the port, and with TLS the certificate. */
function socketOf(server: KnownServer, certificates: Configuration["certificates"]): string {
  const { listener, port, pods } = server;
  const labels = Object.entries(pods.labels ?? INGRESS_PODS.labels ?? {}).map(
    ([name, value]) => `${name}=${value}`,
  );
  const certificate = certificateOf(server, certificates);
  const protocol = speaksTls(listener)
    ? `https ${certificate === undefined ? "" : digest(certificate)}`
    : "http";
  const number = listener === "local-gateway" ? port : publicNumber(port);
  return `${labels.sort().join(",")} ${number} ${protocol}`;
}

function certificateOf(
  { credentialName }: KnownServer,
  certificates: Configuration["certificates"],
): Certificate | undefined {
  return credentialName === undefined ? undefined : certificates.get(credentialName);
}

function digest({ cert, key }: Certificate): string {
  return createHash("sha256").update(cert).update(key).digest("hex");
}

/** Returns the hosts of servers; for a server that is open for all hosts, those that rules name. */
function hostsOf(servers: readonly KnownServer[], table: RouteTable): string[] {
  const written = servers.flatMap(({ hosts }) => hosts.map(({ pattern }) => pattern.toLowerCase()));
  const named = servers.flatMap(({ listener }) => {
    const { exact, suffixes } = hostsOn(table, listener);
    return [...exact.keys(), ...suffixes.map(([suffix]) => `*${suffix}`)];
  });
  return [...new Set([...written, ...named])].filter((host) => host !== "*").sort();
}
