import type { Code } from "../../manifests/codes/codes.ts";
import type { VirtualService } from "../../manifests/kinds/istio-virtual-service.ts";
import { type Problem, problemAt } from "../../manifests/problem.ts";
import type { Sourced } from "../../manifests/resources.ts";
import { fullHost } from "../hosts.ts";
import { asEnvoyHasIt, type Binding } from "../istio/gateways.ts";
import { areSeenTogether } from "../istio/visibility.ts";
import type { HostRules } from "./knative-rules.ts";

/** Checks which VirtualServices have rules for a host: Knative's hosts take none, and others take those of one. */
export class HostClaims {
  readonly #knative: ReadonlySet<string>;
  readonly #virtualServices = new Map<string, VirtualService[]>();
  readonly #problems: Problem[];

  constructor(knative: readonly HostRules[], problems: Problem[]) {
    this.#knative = new Set(knative.flatMap(({ hosts }) => hosts));
    this.#problems = problems;
  }

  /** Reports the conflicts of a VirtualService with earlier ones. @param bound the listeners and hosts of its rules */
  check({ value, document }: Sourced<VirtualService>, bound: readonly Binding[]): void {
    const { namespace = "default" } = value.metadata;
    for (const [i, host] of value.spec.hosts.entries()) {
      const report = (code: Code, message: string, fix: string): void => {
        this.#problems.push(problemAt(code, document, ["spec", "hosts", i], { message, fix, name: full }));
      };
      const full = asEnvoyHasIt(fullHost(host, namespace));
      if (host === "*" && bound.some(({ listener }) => listener === "mesh"))
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
      const shared = bound.flatMap(({ listener, hosts }) => {
        if (!hosts.includes(full)) return [];
        const others = this.#virtualServices.get(`${listener} ${full}`) ?? [];
        const other = others.findLast((one) => areSeenTogether(one, value));
        if (other === undefined) return [];
        return [{ listener, other: `${other.metadata.namespace ?? "default"}/${other.metadata.name}` }];
      });
      const inMesh = shared.find(({ listener }) => listener === "mesh");
      if (inMesh !== undefined) {
        report(
          "one-virtual-service",
          `VirtualService ${inMesh.other} has rules for ${full} too, and sidecars take those of one only`,
          "write them in one VirtualService",
        );
      } else if (shared[0] !== undefined) {
        report(
          "shared-gateway-host",
          `VirtualService ${shared[0].other} has rules for ${full} too, and which of them go first is not defined`,
          "write them in one VirtualService",
        );
      }
    }
    for (const { listener, hosts } of bound) {
      for (const host of hosts) {
        const key = `${listener} ${host}`;
        const same = this.#virtualServices.get(key);
        if (same === undefined) this.#virtualServices.set(key, [value]);
        else same.push(value);
      }
    }
  }
}
