import { hostOf, isLocalName, LOCAL_DOMAIN, localName } from "../../traffic/hosts.ts";
import { hostsOn, type Listener, type RouteTable } from "../../traffic/table.ts";
import type { Exchange } from "../http/exchange.ts";
import { entryOf, type GatewayPort, isNamed } from "./gateway-ports.ts";
import type { GatewayAddress } from "./open-ports.ts";

/**
 * Translates a host of this machine into the rules' name for it, at a port of a gateway.
 * @param ports all ports, at the time of an answer
 * @returns the listener that serves the request, and a function that translates a redirect's location for its caller
 */
export function enterGateway(
  { request }: Exchange,
  { listeners, number, protocol }: GatewayPort,
  table: RouteTable,
  ports: () => RedirectContext["ports"],
): { listener: Listener; locate(location: string): string } {
  const asked = request.authority;
  const { listener, host } = entryOf(listeners, table, asked);
  if (host !== hostOf(asked)) {
    // As on a cluster, where the caller names the Gateway's port.
    request.authority = number === DEFAULT_PORTS[protocol] ? host : `${host}:${number}`;
    request.headers.set("host", request.authority);
  }
  return { listener, locate: (location) => localLocation(location, { asked, table, ports: ports() }) };
}

/** Translates `checkout.shop.localhost`, which a browser resolves to this machine, into `checkout.shop`. */
export function readLocalName({ request }: Exchange): void {
  const host = hostOf(request.authority);
  const suffix = `.${LOCAL_DOMAIN}`;
  if (!host.endsWith(suffix)) return;
  request.authority = host.slice(0, -suffix.length);
  request.headers.set("host", request.authority);
}

/** The default ports of schemes. */
const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };

/** The main port and the others, to which a redirect may lead. */
interface RedirectContext {
  table: RouteTable;
  /** The authority of the request, as the caller wrote it. */
  asked: string;
  ports: readonly Pick<GatewayAddress, "number" | "protocol" | "port" | "listeners">[];
}

/**
 * Translates the location of a redirect to the name and port where the mesh serves it. It is unchanged if the caller
 * did not use a local name, or the mesh does not serve the address.
 */
function localLocation(location: string, { asked, table, ports }: RedirectContext): string {
  const [, protocol = "", authority = "", rest = ""] = /^(https?):\/\/([^/?#]*)(.*)$/.exec(location) ?? [];
  if (authority === "" || !isLocalName(hostOf(asked))) return location;
  const host = hostOf(authority);
  const written = portIn(authority);
  // If Envoy keeps the port of the request, it is one of this machine.
  const from = written === portIn(asked) ? ports.find(({ port }) => port === written) : undefined;
  const number = from?.protocol === protocol ? from.number : from === undefined ? written : undefined;
  const wanted = number ?? DEFAULT_PORTS[protocol];
  const candidates = ports.filter((port) => port.protocol === protocol && port.number === wanted);
  const serving = candidates.find(({ listeners }) => {
    const { listener, host: known } = entryOf(listeners, table, host);
    return isNamed(hostsOn(table, listener), known);
  });
  const to = serving ?? (isLocalName(host) ? candidates[0] : undefined);
  if (to === undefined) return location;
  return `${protocol}://${localName(host)}:${to.port}${rest}`;
}

function portIn(authority: string): number | undefined {
  const [, port] = /:([0-9]+)$/.exec(authority) ?? [];
  return port === undefined ? undefined : Number(port);
}
