import type { Position } from "../../../manifests/problem.ts";
import { CLUSTER_DOMAIN } from "../../hosts.ts";
import type { Backend, Destination, Listener, Mirror } from "../../table.ts";
import { header, type Known, type Part } from "../request-space/value.ts";
import { directTo } from "./destinations.ts";
import type { Side } from "./side.ts";
import type { SymbolicRequest } from "./symbolic-request.ts";
import { elsewhere, nowhere, revisionTerminal } from "./terminals.ts";
import { after, type Tree, type UnmodelledStep } from "./tree.ts";

const REVISION = header("knative-serving-revision");

/** The context of requests that reach a destination. */
export interface Arrival {
  side: Side;
  /** The listener at which they arrived. */
  listener: Listener;
  /** The requested host, if it is a single one. */
  asked: string | undefined;
  known: (part: Part) => Known;
  /** Follows the requests through another listener. */
  enter(listener: Listener, passing: SymbolicRequest): Tree;
}

/** Returns the outcome of requests that a rule sends to a destination. @param at the rule */
export function arrive(
  to: Destination | Mirror,
  passing: SymbolicRequest,
  at: Position,
  arrival: Arrival,
): Tree {
  const { table, destinations } = arrival.side;
  const meant = destinations.meaningOf(to);
  if (meant.missing !== undefined) return nowhere(meant.missing);
  // Without a known backend, the compiler treats the host's name as a revision.
  const isNamedOnly = to.backend.kind === "revision" && to.backend.revision === to.host;
  const backend = isNamedOnly ? table.backends.get(to.host) : to.backend;
  // The Services of Knative have port 80; their other ports depend on its version.
  const isKnown = backend !== undefined && meant.isSubsetKnown && to.port === 80;
  const tree = isKnown
    ? reach(backend, passing, arrival)
    : revisionOrElsewhere(to, { place: meant.place, isPart: backend !== undefined }, passing, arrival);
  const steps = [
    ...meant.unmodelled,
    ...(isKnown && meant.selector !== undefined ? [meant.selector] : []),
    ...portAsked(to, meant.onlyPort, at, arrival),
  ];
  return steps.reduce((behind, step) => after(step, behind), tree);
}

/** Returns the outcome of requests from a caller to a host without rules whose backend is known. */
export function reachDirectly(
  host: string,
  backend: Backend,
  passing: SymbolicRequest,
  arrival: Arrival,
): Tree {
  const meant = arrival.side.destinations.meaningOf(directTo(clusterName(host)));
  if (meant.missing !== undefined) return nowhere(meant.missing);
  const steps = [...meant.unmodelled, ...(meant.selector === undefined ? [] : [meant.selector])];
  return steps.reduce((behind, step) => after(step, behind), reach(backend, passing, arrival));
}

/** Returns the outcome of requests at a backend. */
export function reach(backend: Backend, passing: SymbolicRequest, arrival: Arrival): Tree {
  if (backend.kind === "listener") return arrival.enter(backend.listener, passing);
  return revisionTerminal(backend.revision, passing, { ...arrival.side, ...arrival });
}

/**
 * A sidecar sends requests without a port to the requested port unless the Service has that port; with different
 * ports there is no such cluster. (istio 1.31, pilot/pkg/networking/core/route/route.go, GetDestinationCluster, with
 * the Services of one port; gateways know all Services.)
 */
function portAsked(
  { host }: Destination | Mirror,
  onlyPort: number | undefined,
  at: Position,
  { side, listener, asked }: Arrival,
): UnmodelledStep[] {
  if (onlyPort === undefined || listener !== "mesh" || asked === undefined) return [];
  const service = clusterName(asked);
  const ports = side.destinations.portsOf(service);
  if (service === host || ports === undefined || ports.every((port) => port === onlyPort)) return [];
  return [{ kind: "unmodelled", about: `the port of ${host}, which is not written`, text: service, at }];
}

/**
 * Treats a host that no file describes as a revision if its name or Knative's headers name one.
 * @param isPart whether the destination is an unknown port or subset of a known host
 */
function revisionOrElsewhere(
  { host, port, subset }: Destination | Mirror,
  { place, isPart }: { place: string; isPart: boolean },
  passing: SymbolicRequest,
  arrival: Arrival,
): Tree {
  const [revision, namespace, ...domain] = host.split(".");
  const full = `${namespace}/${revision}`;
  const isCluster = domain.join(".") === CLUSTER_DOMAIN;
  const named = passing.headers.get(REVISION);
  const isNamed = named?.kind === "text" && named.text === revision;
  const isRevision = isNamed || arrival.side.revisions.has(full);
  if (isCluster && !isPart && subset === undefined && port === 80 && isRevision)
    return revisionTerminal(full, passing, { ...arrival.side, ...arrival });
  return elsewhere(place, passing, "place");
}

/** Returns the full name of a Service that is requested by a shorter one. */
export function clusterName(host: string): string {
  const [, name, namespace] = /^([^.]+)\.([^.]+)(?:\.svc)?$/.exec(host) ?? [];
  return name === undefined || namespace === undefined ? host : `${name}.${namespace}.${CLUSTER_DOMAIN}`;
}
