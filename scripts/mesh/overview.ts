import { join } from "node:path";
import type { Position } from "../manifests/problem.ts";
import type { ServicePlan } from "../traffic/compile/service-plan.ts";
import { SPLIT_OWNERS, type SplitOwner } from "../traffic/split-owner.ts";
import { splitsOf } from "../traffic/split/planned-splits.ts";
import { shellWord } from "../text/command-lines.ts";
import { gatewayPorts } from "./gateways/gateway-ports.ts";
import { AUTHORITY_PATH } from "./gateways/local-authority.ts";
import type { GatewayAddress } from "./gateways/open-ports.ts";
import { ADMIN_PATH } from "./admin/schema.ts";
import type { Configuration } from "./configuration.ts";
import { describePolicy } from "../traffic/istio/hash-policies.ts";
import { isLocalName, LOCAL_DOMAIN, localName } from "../traffic/hosts.ts";

/** The revisions and their shares, as drawn by `dev`. */
export interface Overview {
  ingress: string;
  /** Local names for the hosts of Gateways at the ingress gateway's main port. */
  hosts: string[];
  clusterLocal: string;
  /** Pages of the system by title, from `dev.yaml`. */
  links: { title: string; url: string }[];
  /** The live page. */
  page: string;
  /** The ports of Gateways besides the ingress gateway's main one. */
  ports: PortOverview[];
  services: ServiceOverview[];
  /** Commands to try. */
  tries: string[];
  /** The requests that stay on one process, as sentences. */
  sticky: string[];
  /** Fields that have no effect on one machine. */
  withoutEffect: string[];
}

export interface PortOverview {
  /** For example `HTTPS, port 443`. */
  title: string;
  url: string;
  gateways: readonly string[];
  /** The certificate file to trust, if this machine has made the certificate. */
  authority: string | undefined;
}

export interface ServiceOverview {
  name: string;
  /** The address of its own name. */
  url: string;
  splitBy: SplitOwner;
  /** The position of the split. */
  at: Position;
  revisions: { name: string; tag: string | undefined; percent: number }[];
}

/** The summary of a running mesh. */
export interface OverviewSource {
  loaded: Configuration;
  port: number;
  localPort: number;
  gateways: readonly GatewayAddress[];
}

/** Summarises the running system and its ports. */
export function overview({ loaded, port, localPort, gateways }: OverviewSource): Overview {
  const ingress = `http://127.0.0.1:${port}`;
  const local = `http://127.0.0.1:${localPort}`;
  return {
    ingress,
    hosts: gatewayPorts(loaded)
      .main.hosts()
      .filter((host) => !host.includes("*") && !isLocalName(host))
      .map((host) => `http://${localName(host)}:${port}`),
    clusterLocal: local,
    links: Object.entries(loaded.dev.links ?? {}).map(([title, path]) => ({ title, url: ingress + path })),
    page: `${ingress}${ADMIN_PATH}`,
    ports: gateways.map(portOverview),
    services: loaded.plan.services.map((service) => serviceOverview(service, loaded, port, localPort)),
    tries: triesOf(loaded, ingressFor(loaded, port), local),
    sticky: stickyRequests(loaded),
    withoutEffect: [...new Set(loaded.resources.clusterOnly.map(({ path }) => String(path.at(-1))))].sort(),
  };
}

/** Describes a port of Gateways, with the first host that it serves by name. */
export function portOverview({
  number,
  protocol,
  gateways,
  hosts,
  port,
  isSelfMade,
}: GatewayAddress): PortOverview {
  const host = hosts().find((each) => !each.includes("*"));
  return {
    title: `${protocol.toUpperCase()}, port ${number}`,
    url: `${protocol}://${host === undefined ? "127.0.0.1" : localName(host)}:${port}`,
    gateways,
    authority: isSelfMade ? join(...AUTHORITY_PATH) : undefined,
  };
}

function stickyRequests({ plan }: Configuration): string[] {
  return [...(plan.table.hashPolicies ?? [])].flatMap(([host, { all, subsets }]) => {
    const policies = new Set(
      [all, ...subsets.values()].flatMap((policy) => (policy ? [describePolicy(policy)] : [])),
    );
    return [...policies].map(
      (by) => `Requests to ${host} stay on one process by ${by}; a revision with one process has no other.`,
    );
  });
}

/** Returns the address for requests without a host: the ingress gateway; without any Gateway, the only public service. */
function ingressFor({ plan, resources }: Configuration, port: number): string {
  const [only, ...others] = plan.services.filter(({ visibility }) => visibility === "public");
  if (resources.gateways.length > 0 || only === undefined || others.length > 0)
    return `http://127.0.0.1:${port}`;
  return `http://${only.name}.${only.namespace}.${LOCAL_DOMAIN}:${port}`;
}

/** Returns the requests of `dev.yaml` as commands, or else one to each service. */
function triesOf({ dev, plan }: Configuration, ingress: string, local: string): string[] {
  if (dev.try !== undefined)
    return dev.try.map(({ path, headers = {}, host }) => {
      const all = Object.entries(host === undefined ? headers : { Host: host, ...headers });
      const fields = all.map(([name, value]) => `-H ${shellWord(`${name}: ${value}`)} `);
      return `curl ${fields.join("")}${shellWord(`${host === undefined ? ingress : local}${path}`)}`;
    });
  return plan.services.map(({ name, namespace, visibility }) => {
    const origin = URL.parse(visibility === "public" ? ingress : local);
    return `curl http://${name}.${namespace}.${LOCAL_DOMAIN}:${origin?.port}/`;
  });
}

function serviceOverview(
  service: ServicePlan,
  { plan, resources }: Configuration,
  port: number,
  localPort: number,
): ServiceOverview {
  const [split] = splitsOf(service, plan, resources.virtualServices);
  const onPort = service.visibility === "public" ? port : localPort;
  return {
    name: service.name,
    url: `http://${service.name}.${service.namespace}.${LOCAL_DOMAIN}:${onPort}`,
    splitBy: split?.by ?? SPLIT_OWNERS.knative,
    at: split?.at ?? service.at,
    revisions: service.revisions.map(({ name }) => {
      const targets = split?.targets.filter(({ revision }) => revision === name) ?? [];
      return {
        name,
        tag: service.traffic.find(({ revision, tag }) => revision === name && tag !== undefined)?.tag,
        percent: targets.reduce((sum, { percent }) => sum + percent, 0),
      };
    }),
  };
}
