import { listAt, valueAt } from "../../scripts/schema/value.ts";
import { coversHost, fullHost } from "../../scripts/traffic/hosts.ts";
import type { Mutant } from "./mutants.ts";
import { namespaceOf } from "./named-destinations.ts";

// Conditions under which a change has no effect because of what the Gateways of a VirtualService serve.

/** Whether no Gateway of a VirtualService serves any of its hosts, before and after the change. */
export function isServedNowhere({ object, objects }: Mutant, before: readonly unknown[]): boolean {
  return [before, objects].every((all) => {
    const own = all[object];
    const names = listAt(own, ["spec", "gateways"]).map(String);
    const servers = names.map((name) =>
      all.filter((one) => {
        const key = `${namespaceOf(one)}/${String(valueAt(one, ["metadata", "name"]))}`;
        const isMeant = name.includes("/") ? key === name : key === `${namespaceOf(own)}/${name}`;
        return valueAt(one, ["kind"]) === "Gateway" && isMeant;
      }),
    );
    // A Gateway that no object describes may serve any host.
    if (servers.length === 0 || servers.some((found) => found.length === 0)) return false;
    const hosts = listAt(own, ["spec", "hosts"]).map((host) => fullHost(String(host), namespaceOf(own)));
    const open = servers.flat().flatMap((gateway) =>
      listAt(gateway, ["spec", "servers"])
        .flatMap((server) => listAt(server, ["hosts"]).map(String))
        .flatMap((host) => {
          const [first = "", pattern] = host.split("/");
          if (pattern === undefined) return [first];
          const namespace = first === "." ? namespaceOf(gateway) : first;
          return namespace === "*" || namespace === namespaceOf(own) ? [pattern] : [];
        }),
    );
    return hosts.every((host) =>
      open.every((pattern) => !coversHost(pattern, host) && !coversHost(host, pattern)),
    );
  });
}

/** Whether earlier rules take all requests at the other ports of the Gateways of a VirtualService. */
export function isTakenAtOtherPorts({ object, path }: Mutant, before: readonly unknown[]): boolean {
  const at = path[2];
  if (typeof at !== "number") return false;
  const http = listAt(before[object], ["spec", "http"]);
  const names = listAt(before[object], ["spec", "gateways"]).map((name) => String(name).replace(/^.*\//, ""));
  const gateways = before.filter((one) => names.includes(String(valueAt(one, ["metadata", "name"]))));
  const ports = gateways.flatMap((one) =>
    listAt(one, ["spec", "servers"]).map((server) => valueAt(server, ["port", "number"])),
  );
  const taken = http
    .slice(0, at)
    .flatMap((rule) =>
      listAt(rule, ["match"]).flatMap((match) =>
        JSON.stringify(match) === JSON.stringify({ port: valueAt(match, ["port"]) })
          ? [valueAt(match, ["port"])]
          : [],
      ),
    );
  const own = listAt(http[at], ["match"]).map((match) => valueAt(match, ["port"]));
  return (
    names.every((name) => name !== "mesh") &&
    ports.length > 0 &&
    ports.every((port) => own.includes(port) || taken.includes(port))
  );
}
