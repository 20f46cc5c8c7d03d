import { didYouMean } from "../../nearest.ts";
import type { KnativeServicePlan } from "../../traffic/knative.ts";
import type { RouteTable } from "../../traffic/table.ts";
import type { Fault, FaultChange, FaultsState } from "./fault.ts";
import { faultDoors, faultYaml, type PlacedFault } from "./overlay.ts";

/** A fault that cannot be set; the message says what is wrong and what to do. */
export class UnknownRevision extends Error {
  override readonly name = "UnknownRevision";
}

/**
 * The faults that are switched on in a running mesh. They are kept in memory: no file changes, and none outlives the
 * mesh that it was switched on in.
 */
export class Faults {
  #faults: readonly PlacedFault[] = [];

  /** @throws UnknownRevision when the service or the revision is not there */
  change(change: FaultChange, services: readonly KnativeServicePlan[]): void {
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

  /** The rules that they mean for these services; a fault of a revision that is gone waits for it to come back. */
  doors(services: readonly KnativeServicePlan[]): NonNullable<RouteTable["doors"]> {
    return faultDoors(this.#inForce(services), services);
  }

  state(services: readonly KnativeServicePlan[]): FaultsState {
    const faults = this.#inForce(services);
    return { faults: faults.map(({ namespace: _, ...fault }) => fault), yaml: faultYaml(faults) };
  }

  /** The revision with a fault that a name or a tag means. */
  #named(name: string, service: string | undefined, services: readonly KnativeServicePlan[]): string {
    const known = this.#faults
      .filter((fault) => service === undefined || fault.service === service)
      .map((fault) => fault.revision);
    const own = services.filter((plan) => service === undefined || plan.name === service);
    const meant = known.includes(name) ? name : own.map((plan) => revisionOf(plan, name)).find(Boolean);
    if (meant !== undefined && known.includes(meant)) return meant;
    const advice = known.length === 0 ? "no fault is on" : didYouMean(name, known);
    throw new UnknownRevision(`the revision ${name} has no fault: ${advice}`);
  }

  #inForce(services: readonly KnativeServicePlan[]): PlacedFault[] {
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

function place(fault: Fault, services: readonly KnativeServicePlan[]): PlacedFault {
  const service = services.find(({ name }) => name === fault.service);
  if (service === undefined) {
    const names = services.map(({ name }) => name);
    throw new UnknownRevision(`there is no service ${fault.service}: ${didYouMean(fault.service, names)}`);
  }
  const revision = revisionOf(service, fault.revision);
  if (revision === undefined) {
    const names = service.revisions.map(({ name }) => name);
    const tags = service.traffic.flatMap(({ tag }) => tag ?? []);
    const advice = didYouMean(fault.revision, [...names, ...tags]);
    throw new UnknownRevision(`the service ${fault.service} has no revision ${fault.revision}: ${advice}`);
  }
  if (fault.error === undefined && fault.delay === undefined) {
    throw new UnknownRevision("this fault does nothing: give an error, a delay or both");
  }
  return { ...fault, revision, namespace: service.namespace };
}

/** The revision of this name, or with this tag: a tag is the name that people know. */
function revisionOf(service: KnativeServicePlan, name: string): string | undefined {
  const own = service.revisions.find((revision) => revision.name === name)?.name;
  return own ?? service.traffic.find(({ tag }) => tag === name)?.revision;
}

function isSame(a: PlacedFault, b: PlacedFault): boolean {
  return a.namespace === b.namespace && a.service === b.service && a.revision === b.revision;
}
