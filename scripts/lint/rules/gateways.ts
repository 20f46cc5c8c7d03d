import Type from "typebox";
import { Check } from "typebox/schema";
import type { Gateway } from "../../manifests/kinds/istio-gateway.ts";
import type { Rule } from "../finding.ts";
import type { Facts } from "./facts.ts";
import { namespaceOf, type Objects, type Sourced } from "./read-objects.ts";

/** The fields of a server that the rules read, also for protocols that the local mesh does not support. */
const Server = Type.Object({
  port: Type.Object({ number: Type.Integer(), protocol: Type.String() }),
  hosts: Type.Array(Type.String()),
  tls: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});
const Servers = Type.Object({ spec: Type.Object({ servers: Type.Array(Type.Unknown()) }) });

/** A server of a Gateway that has a port, and its path. */
interface ServerAt {
  source: Sourced<Gateway>;
  gateway: string;
  server: Type.Static<typeof Server>;
  path: readonly ["spec", "servers", number];
  kind: "HTTP" | "TLS" | "TCP";
}

/** How Gateways share the proxies that they select. Source: istio, pilot/pkg/model/gateway.go, mergeGateways. */
export const GATEWAY_RULES: readonly Rule<Facts>[] = [
  {
    code: "gateway-conflict",
    *check({ objects }) {
      for (const servers of sharedPorts(objects)) {
        const [first] = servers;
        const gatewayOfHost = new Map<string, string>();
        for (const { source, gateway, server, path, kind } of servers) {
          const { number: port } = server.port;
          if (first !== undefined && first.kind !== kind) {
            yield {
              document: source.document,
              path: [...path, "port", "protocol"],
              message: `port ${port} of the same proxies is for ${first.server.port.protocol} in Gateway ${first.gateway}; Istio leaves one of the two servers out`,
              fix: "give the servers different ports, or the Gateways different selectors",
            };
            continue;
          }
          if (kind !== "TLS") continue;
          const hosts = server.hosts.map(withoutNamespace);
          const twice = hosts.findIndex((host) => gatewayOfHost.has(host));
          for (const host of hosts) if (!gatewayOfHost.has(host)) gatewayOfHost.set(host, gateway);
          if (twice < 0) continue;
          yield {
            document: source.document,
            path: [...path, "hosts", twice],
            message: `Gateway ${gatewayOfHost.get(hosts[twice] ?? "")} has ${hosts[twice]} for TLS on port ${port} of the same proxies too; Istio leaves one of the two servers out`,
            fix: "name each host in one server for TLS",
          };
        }
      }
    },
  },
  {
    code: "shared-certificate",
    *check({ objects }) {
      // The Secret is one in the namespace of the proxies, not of the Gateway.
      const byCertificate = Map.groupBy(serversOf(objects), ({ source, server }) => {
        const credential = server.tls?.["credentialName"];
        return typeof credential !== "string" ? undefined : `${selectorOf(source)} ${credential}`;
      });
      byCertificate.delete(undefined);
      for (const [first, ...others] of byCertificate.values()) {
        for (const { source, gateway, server, path } of others) {
          if (first === undefined || gateway === first.gateway) continue;
          yield {
            document: source.document,
            path: [...path, "tls", "credentialName"],
            message: `Gateway ${first.gateway} presents the certificate ${String(server.tls?.["credentialName"])} too: a browser reuses its HTTP/2 connection for the hosts of both, and gets 404 for those of the other`,
            fix: "put the hosts of one certificate into one Gateway",
          };
        }
      }
    },
  },
];

/** Returns the servers of each port of the same proxies, if there are several. */
function sharedPorts(objects: Objects): ServerAt[][] {
  const byPort = Map.groupBy(
    serversOf(objects),
    ({ source, server }) => `${selectorOf(source)} ${server.port.number}`,
  );
  return [...byPort.values()].filter(({ length }) => length > 1);
}

function serversOf({ gateways }: Objects): ServerAt[] {
  return gateways.flatMap((source) => {
    const { value } = source.document;
    if (!Check(Servers, value)) return [];
    const gateway = `${namespaceOf(source)}/${source.value.metadata.name}`;
    return value.spec.servers.flatMap((server, i): ServerAt[] =>
      Check(Server, server)
        ? [{ source, gateway, server, path: ["spec", "servers", i], kind: kindOf(server.port.protocol) }]
        : [],
    );
  });
}

function kindOf(protocol: string): ServerAt["kind"] {
  if (/^(http|http2|grpc|grpc-web)$/i.test(protocol)) return "HTTP";
  return /^(https|tls)$/i.test(protocol) ? "TLS" : "TCP";
}

/** The proxies that a Gateway selects, as text. (Without pods, Gateways with different labels select different ones.) */
function selectorOf({ value }: Sourced<Gateway>): string {
  return JSON.stringify(Object.entries(value.spec?.selector ?? {}).sort());
}

/** Returns a Gateway's host without the namespace whose VirtualServices may use it. */
function withoutNamespace(host: string): string {
  return host.slice(host.indexOf("/") + 1);
}
