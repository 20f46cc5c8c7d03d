import { didYouMean } from "../../nearest.ts";
import type { ServicePlan } from "../../traffic/compile/service-plan.ts";
import type { RouteTable } from "../../traffic/table.ts";
import type { Fault, FaultChange, FaultsState } from "./fault.ts";
import { faultFilters, faultYaml, type PlacedFault } from "./overlay.ts";

/** A fault that cannot be set; the message has the reason and a remedy. */
export class InvalidFault extends Error {
  override readonly name = "InvalidFault";
}

/** The injected faults of a running mesh. They are kept in memory: no file changes, and they end with the mesh. */
export class Faults {
  #faults: readonly PlacedFault[] = [];

  /** @throws InvalidFault if the service or the revision does not exist, or the fault has no effect */
  change(change: FaultChange, services: readonly ServicePlan[]): void {
    if ("set" in change) {
      const placed = place(change.set, services);
      this.#faults = [...this.#faults.filter((fault) => !isSame(fault, placed)), placed];
      return;
    }
    const { service, revision } = change.clear;
    const named = revision === undefined ? undefined : this.#named(revision, service, services);
    this.#faults = this.#faults.filter((fault) => {
      const meant = service === undefined || fault.service === service;
      return !(meant && (named === undefined || fault.revision === named));
    });
  }

  /**
   * Returns the filters of these services' revisions. A fault of a removed revision applies again when the revision
   * is back.
   */
  filters(services: readonly ServicePlan[]): NonNullable<RouteTable["revisionFilters"]> {
    return faultFilters(this.#inForce(services), services);
  }

  state(services: readonly ServicePlan[]): FaultsState {
    const faults = this.#inForce(services);
    return { faults: faults.map(({ namespace: _, ...fault }) => fault), yaml: faultYaml(faults) };
  }

  /** Returns the revision with a fault that has this name or tag. */
  #named(name: string, service: string | undefined, services: readonly ServicePlan[]): string {
    const known = this.#faults
      .filter((fault) => service === undefined || fault.service === service)
      .map((fault) => fault.revision);
    const own = services.filter((plan) => service === undefined || plan.name === service);
    const meant = known.includes(name) ? name : own.map((plan) => revisionOf(plan, name)).find(Boolean);
    if (meant !== undefined && known.includes(meant)) return meant;
    const advice = known.length === 0 ? "no fault is set" : didYouMean(name, known);
    throw new InvalidFault(`the revision ${name} has no fault: ${advice}`);
  }

  #inForce(services: readonly ServicePlan[]): PlacedFault[] {
    return this.#faults.filter((fault) =>
      services.some(
        ({ name, namespace, revisions }) =>
          name === fault.service &&
          namespace === fault.namespace &&
          revisions.some((revision) => revision.name === fault.revision),
      ),
    );
  }
}

function place(fault: Fault, services: readonly ServicePlan[]): PlacedFault {
  const service = services.find(({ name }) => name === fault.service);
  if (service === undefined) {
    const names = services.map(({ name }) => name);
    throw new InvalidFault(`there is no service ${fault.service}: ${didYouMean(fault.service, names)}`);
  }
  const revision = revisionOf(service, fault.revision);
  if (revision === undefined) {
    const names = service.revisions.map(({ name }) => name);
    const tags = service.traffic.flatMap(({ tag }) => tag ?? []);
    const advice = didYouMean(fault.revision, [...names, ...tags]);
    throw new InvalidFault(`the service ${fault.service} has no revision ${fault.revision}: ${advice}`);
  }
  if (fault.error === undefined && fault.delay === undefined) {
    throw new InvalidFault("this fault has no effect: give an error, a delay or both");
  }
  return { ...fault, revision, namespace: service.namespace };
}

/** The revision with this name or tag. */
function revisionOf(service: ServicePlan, name: string): string | undefined {
  const own = service.revisions.find((revision) => revision.name === name)?.name;
  return own ?? service.traffic.find(({ tag }) => tag === name)?.revision;
}

function isSame(a: PlacedFault, b: PlacedFault): boolean {
  return a.namespace === b.namespace && a.service === b.service && a.revision === b.revision;
}
