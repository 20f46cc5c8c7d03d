import { clusterLocalNames, knativeHostNames } from "../hosts.ts";
import { hostsOn } from "../table.ts";
import type { Described } from "./entries.ts";
import { listenersOf } from "./request-space/hosts.ts";

/**
 * Returns the hosts of the first Knative Service of `a` that one host of `b` leads to, each with the corresponding
 * host of `b`. The hosts are the full names that each side serves.
 */
export function pairedHosts(
  a: Described,
  b: Described,
  hostsOfA: readonly string[],
  hostsOfB: readonly string[],
): [string, string][] {
  for (const service of a.plan.services) {
    if (a.borrowed.has(`${service.namespace}/${service.name}`)) continue;
    const full = (name: string): string => clusterLocalNames(name, service.namespace)[0] as string;
    if (!hostsOfA.includes(full(service.name))) continue;
    const leading = hostsOfB.filter((host) => leadsTo(b, host).has(`${service.namespace}/${service.name}`));
    const tags = knativeHostNames(service)
      .slice(1)
      .map((name) => name.slice(0, -service.name.length - 1));
    const isOfTag = (host: string): boolean =>
      tags.some((tag) => host.startsWith(`${tag}-`) && leading.includes(host.slice(tag.length + 1)));
    const [main, second] = leading.filter((host) => !isOfTag(host));
    if (main === undefined || second !== undefined) continue;
    const ofTags = tags.map((tag) => [full(`${tag}-${service.name}`), `${tag}-${main}`] as [string, string]);
    return [[full(service.name), main], ...ofTags.filter(([, host]) => leading.includes(host))];
  }
  return [];
}

/** Returns the Knative Services that the rules of a host lead to, as `namespace/name`. */
function leadsTo({ plan }: Described, host: string): Set<string> {
  const services = new Map(
    plan.services.flatMap((service) => {
      const name = `${service.namespace}/${service.name}`;
      const revisions = [
        ...service.revisions.map(({ name }) => name),
        ...service.traffic.map(({ revision }) => revision),
      ];
      const hosts = knativeHostNames(service).map(
        (first) => clusterLocalNames(first, service.namespace)[0] as string,
      );
      const ofRevisions = revisions.map(
        (revision) => clusterLocalNames(revision, service.namespace)[0] as string,
      );
      return [...hosts, ...ofRevisions].map((of) => [of, name] as const);
    }),
  );
  const found = new Set<string>();
  for (const listener of listenersOf([plan.table])) {
    for (const { action } of hostsOn(plan.table, listener).exact.get(host) ?? []) {
      if (action.kind !== "forward") continue;
      for (const { host: to, authority } of action.destinations) {
        const service = services.get(authority ?? to) ?? services.get(to);
        if (service !== undefined) found.add(service);
      }
    }
  }
  return found;
}
