import type { Code } from "../../manifests/codes/codes.ts";
import type { VirtualService } from "../../manifests/kinds/istio-virtual-service.ts";
import { type Problem, problemAt } from "../../manifests/problem.ts";
import type { Sourced } from "../../manifests/resources.ts";
import { fullHost } from "../hosts.ts";
import { asEnvoyHasIt, type Binding } from "../istio/gateways.ts";
import { areSeenTogether } from "../istio/visibility.ts";
import type { Listener, Rule } from "../table.ts";
import type { CompiledVirtualService } from "./compile.ts";
import type { HostRules } from "./knative-rules.ts";

/**
 * The VirtualServices whose rules apply to one host of a listener in undefined order: there are several, or one that
 * has different rules for its gateways.
 */
export type SharedHosts = ReadonlyMap<string, readonly VirtualService[]>;

/** Returns the key of a host in SharedHosts; `*` and `*.example.com` are hosts, too. */
export function claimKey(listener: Listener, host: string): string {
  return `${listener} ${host}`;
}

/**
 * Checks which VirtualServices have rules for a host: Knative's hosts accept none, and other hosts accept those of
 * one. Hosts are compared in the proxy's form: a Gateway for one host narrows `*` and `*.example.com` to that host.
 * (istio 1.31, pilot/pkg/networking/core/gateway.go, buildGatewayHTTPRouteConfig)
 */
export class HostClaims {
  readonly #knative: ReadonlySet<string>;
  /** By listener and host. */
  readonly #virtualServices = new Map<Listener, Map<string, VirtualService[]>>();
  readonly #shared = new Map<string, VirtualService[]>();
  readonly #problems: Problem[];

  constructor(knative: readonly HostRules[], problems: Problem[]) {
    this.#knative = new Set(knative.flatMap(({ hosts }) => hosts));
    this.#problems = problems;
  }

  /** The hosts for which the order of rules is undefined. */
  get shared(): SharedHosts {
    return this.#shared;
  }

  /** Reports the conflicts of a VirtualService with earlier ones. */
  check({ value, document }: Sourced<VirtualService>, { bound, routes }: CompiledVirtualService): void {
    const { namespace = "default" } = value.metadata;
    const conflicts = this.#conflictsOf(value, bound);
    this.#addShared(value, routes);
    const isInMesh = bound.some(({ listener }) => listener === "mesh");
    // Of thousands of VirtualServices, few get further.
    if (conflicts.length === 0 && this.#knative.size === 0 && !isInMesh) return;
    for (const [i, host] of value.spec.hosts.entries()) {
      const full = asEnvoyHasIt(fullHost(host, namespace));
      const report = (code: Code, message: string, fix: string): void => {
        this.#problems.push(problemAt(code, document, ["spec", "hosts", i], { message, fix, name: full }));
      };
      if (host === "*" && isInMesh)
        report(
          "no-wildcard-on-mesh",
          "the host * is not allowed for sidecars",
          "take mesh off the gateways, or name the hosts",
        );
      if (this.#knative.has(full)) {
        report(
          "own-host",
          `${host} belongs to Knative, which writes its own VirtualService for it`,
          "route a host of your own",
        );
      }
      const own = conflicts.filter(({ written }) => written === i);
      const inMesh = own.find(({ listener }) => listener === "mesh");
      const [first] = own;
      if (inMesh !== undefined) {
        report(
          "one-virtual-service",
          `VirtualService ${inMesh.other} has rules for ${inMesh.host} too, and sidecars use the rules of only one`,
          "write them in one VirtualService",
        );
      } else if (first !== undefined) {
        report(
          "shared-gateway-host",
          `VirtualService ${first.other} has rules for ${first.host} too, and their order is not defined`,
          "write them in one VirtualService",
        );
      }
    }
  }

  /** Records the hosts for which a VirtualService has different rules for two gateways at the same listener. */
  #addShared(value: VirtualService, routes: readonly HostRules[]): void {
    if (routes.length < 2) return;
    const rulesAt = new Map<string, readonly Rule[]>();
    for (const { listener, hosts, rules, isHttpsRedirect } of routes) {
      if (isHttpsRedirect === true) continue;
      for (const host of hosts) {
        const key = claimKey(listener, host);
        const before = rulesAt.get(key);
        if (before !== undefined && !haveSameMatches(before, rules)) this.#share(key, [value]);
        rulesAt.set(key, rules);
      }
    }
  }

  #share(key: string, virtualServices: readonly VirtualService[]): void {
    const shared = this.#shared.get(key) ?? [];
    shared.push(...virtualServices.filter((one) => !shared.includes(one)));
    this.#shared.set(key, shared);
  }

  /** Records the hosts of a VirtualService, and returns those that earlier ones have, too. */
  #conflictsOf(value: VirtualService, bound: readonly Binding[]): Conflict[] {
    const conflicts: Conflict[] = [];
    for (const { listener, hosts } of bound) {
      const earlier = this.#virtualServices.get(listener) ?? new Map<string, VirtualService[]>();
      this.#virtualServices.set(listener, earlier);
      for (const [host, { written, httpsRedirect }] of hosts) {
        if (httpsRedirect !== undefined) continue;
        const others = earlier.get(host) ?? [];
        // Two gateways of one VirtualService can have the same listener.
        if (others.at(-1) === value) continue;
        const together = others.filter((one) => areSeenTogether(one, value));
        const other = together.at(-1);
        if (other !== undefined) {
          const name = `${other.metadata.namespace ?? "default"}/${other.metadata.name}`;
          conflicts.push({ listener, host, written, other: name });
          this.#share(claimKey(listener, host), [...together, value]);
        }
        others.push(value);
        if (others.length === 1) earlier.set(host, others);
      }
    }
    return conflicts;
  }
}

/** Whether two lists have the same rules of a VirtualService with the same matches. */
function haveSameMatches(a: readonly Rule[], b: readonly Rule[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ at, matches }, i) => {
      const other = b[i];
      return (
        at === other?.at &&
        matches.length === other.matches.length &&
        matches.every((match, j) => match === other.matches[j])
      );
    })
  );
}

/** A host for which another VirtualService has rules, too. */
interface Conflict {
  listener: Listener;
  host: string;
  /** The index of its host in the VirtualService. */
  written: number;
  /** `namespace/name`. */
  other: string;
}
