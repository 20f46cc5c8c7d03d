import type { Code } from "../../manifests/codes/codes.ts";
import type { ManifestDocument } from "../../manifests/document.ts";
import { formatProblem, type Problem, problemAt } from "../../manifests/problem.ts";
import { collectResources, type Resources } from "../../manifests/resources.ts";
import { compileRoutes, type Plan } from "../compile/compile.ts";
import { planKnativeServices } from "../compile/knative.ts";
import { type Destinations, readDestinations } from "./symbolic/destinations.ts";
import { rulesOf } from "./request-space/hosts.ts";
import { serversApart, unreadApart } from "./documents/unread-fields.ts";
import { gatewayAssumptions } from "./assumptions.ts";
import type { View } from "./views.ts";
import { mergeDelegates } from "../istio/delegates.ts";
import { readGateways } from "../istio/gateways.ts";
import type { Listener } from "../table.ts";
import { namespacesSeeing } from "../istio/visibility.ts";
import type { Described } from "./entries.ts";
import { borrow, servicesAlone } from "./documents/borrow.ts";
import { metadataApart } from "./documents/significant-metadata.ts";
import { selectedApart } from "./documents/selecting-objects.ts";
import { canonical, type Unmodelled, sidecarHosts, sorted } from "./documents/object-kinds.ts";

/** One side as read from its files. */
export interface NamedSide {
  /** The name that the user gave. */
  name: string;
  documents: readonly ManifestDocument[];
}

/** Two sides that can be compared. */
export interface Prepared {
  a: Described;
  b: Described;
  /** The sides as seen by callers of each namespace; several if a VirtualService has exportTo. */
  views: View[];
  /** Assumptions, in sentences. */
  notes: string[];
  /** Unmodelled parts of the files, as sentences. If there is one, the verdict is never "equal". */
  doubts: string[];
  /** Errors in the files. If there is one, the sides must not be compared. */
  errors: Problem[];
}

// A side alone may name objects of the others, and a missing destination has a defined response; the comparison
// reports it if it matters.
const OPEN: ReadonlySet<Code> = new Set<Code>([
  "known-host",
  "known-subset",
  "subset-host",
  "subset-labels",
  "revision-port",
  "known-revision",
  "known-gateway",
  "unreachable-rule",
  "cluster-form",
  // Istio accepts it: the condition holds at none of the gateways.
  "match-gateway",
  // See undefined-order.ts.
  "one-virtual-service",
]);

// Istio accepts these, but the route table does not show them. With one of them only identical sides are equal.
const LIMITS: ReadonlySet<Code> = new Set<Code>(["external-name"]);

/**
 * Makes two sets of documents comparable: an object that one side only refers to is looked up in the other side, and
 * then in further documents.
 * @param around further documents, for both sides
 */
export function prepare(
  [a, b]: readonly [NamedSide, NamedSide],
  around: readonly ManifestDocument[],
  domain: string,
): Prepared {
  const [ofA, ofB, others] = [sorted(a.documents), sorted(b.documents), sorted(around)];
  const notes: string[] = [];
  const doubts = apartNotes(a.name, ofA.unmodelled, b.name, ofB.unmodelled);

  const errors: Problem[] = [];
  const limits: Problem[] = [];
  const collected = [ofA, ofB, others].map(({ read }, i) => {
    const { resources, problems } = collectResources(read, { forCluster: true });
    for (const problem of problems) {
      if (i === 2 || problem.severity !== "error") continue;
      if (problem.code !== "local-mesh" && problem.code !== "cluster-form") errors.push(problem);
    }
    return resources;
  }) as [Resources, Resources, Resources];
  const [resourcesA, resourcesB, resourcesAround] = collected;
  doubts.push(
    ...servicesAlone(a.name, ofA.services, ofB.services, resourcesB),
    ...servicesAlone(b.name, ofB.services, ofA.services, resourcesA),
  );
  const fromB = borrow(resourcesA, [resourcesB, resourcesAround]);
  const fromA = borrow(resourcesB, [resourcesA, resourcesAround]);
  for (const [name, own, other] of [
    [a.name, fromB.assumed, fromA.assumed],
    [b.name, fromA.assumed, fromB.assumed],
  ] as const) {
    for (const gateway of own) {
      if (other.includes(gateway)) continue;
      doubts.push(`Gateway ${gateway}, which only ${name} refers to, is not in the files`);
    }
  }
  for (const [name, { borrowedObjects }] of [
    [a.name, fromB],
    [b.name, fromA],
  ] as const) {
    for (const { what, file } of borrowedObjects)
      notes.push(`${name} only refers to ${what}, which is taken from ${file}`);
    for (const gateway of name === a.name ? fromB.assumed : fromA.assumed)
      notes.push(`Gateway ${gateway} is not in the files; it is assumed to be open for every host and port`);
  }
  for (const side of [fromB, fromA]) {
    const { virtualServices, missing } = mergeDelegates(side.resources.virtualServices);
    side.resources.virtualServices = virtualServices;
    for (const { document, path, name } of missing) {
      limits.push(
        problemAt("cluster-form", document, path, {
          message: `the VirtualService ${name} that this rule delegates to is not in the files`,
          fix: "add it to the files, or give it by --with",
        }),
      );
    }
  }
  const [gatewaysA, gatewaysB] = [fromB, fromA].map(({ resources }) =>
    resources.gateways.map(({ document }) => document),
  ) as [ManifestDocument[], ManifestDocument[]];
  doubts.push(...serversApart(gatewaysA, gatewaysB));
  const whole = {
    a: compiled(fromB, ofA, [ofB, others]),
    b: compiled(fromA, ofB, [ofA, others]),
  };
  doubts.push(
    ...unreadApart(
      { read: ofA.read, destinations: whole.a.destinations },
      { read: ofB.read, destinations: whole.b.destinations },
    ),
    ...metadataApart(
      [...ofA.read, ...ofA.services],
      [...ofB.read, ...ofB.services],
      new Set([...whole.a.borrowed, ...whole.b.borrowed]),
    ),
    ...selectedApart(ofA.read, ofB.read, [...ofA.unmodelled, ...ofB.unmodelled, ...others.unmodelled]),
  );
  const prepared = {
    ...whole,
    views: viewpoints([fromB.resources, fromA.resources]).map(({ callers, namespace }): View => {
      // Without exportTo, all callers see the same.
      if (callers === undefined) return { callers, ...whole };
      return {
        callers,
        a: compiled(fromB, ofA, [ofB, others], namespace),
        b: compiled(fromA, ofB, [ofA, others], namespace),
      };
    }),
    doubts: [...new Set(doubts)],
  };
  const rules = [fromB, fromA].flatMap(({ resources }) => resources.virtualServices);
  notes.push(...gatewayAssumptions(rules, prepared.views.length > 1));
  if (!areIdentical(ofA, ofB)) {
    const isSame = externalNamesOf(fromB.resources) === externalNamesOf(fromA.resources);
    for (const { code, at, field, message } of limits) {
      // The target of an external name is unknown, but the same for the same name.
      if (code === "external-name" && isSame) continue;
      prepared.doubts.push(`${at.file}:${at.line}: ${field}: ${message}, and what follows is not modelled`);
    }
  }
  const told = new Map(errors.map((one) => [formatProblem(one), one])).values();
  return { ...prepared, errors: [...told], notes: [...new Set(notes)] };

  function isAssumedByBoth(gateway: string): boolean {
    return [fromB, fromA].every(({ assumed }) => assumed.includes(gateway));
  }

  function compiled(
    { resources, borrowedObjects, assumed }: ReturnType<typeof borrow>,
    { unmodelled, services }: ReturnType<typeof sorted>,
    besides: readonly ReturnType<typeof sorted>[],
    callers?: string,
  ): Described {
    const planned = planKnativeServices(resources.knativeServices);
    const routes = compileRoutes(planned.services, resources, domain, sidecarHosts(unmodelled), callers);
    const files = new Set(borrowedObjects.map(({ file }) => file));
    const found = [...planned.problems, ...routes.problems].filter(
      ({ code, severity, at }) => severity === "error" && !OPEN.has(code) && !files.has(at.file),
    );
    errors.push(...found.filter(({ code }) => !LIMITS.has(code)));
    limits.push(...found.filter(({ code }) => LIMITS.has(code)));
    // The first of each name applies.
    const all = [services, ...besides.map((beside) => beside.services)].flat().toReversed();
    const destinations = readDestinations(resources.destinationRules, all);
    const borrowed = new Set(borrowedObjects.flatMap(({ service }) => service ?? []));
    for (const text of undescribedSubsets(routes.plan, destinations)) {
      notes.push(`assumption: ${text} is the same on both sides; its DestinationRule is not in the files`);
    }
    const uncertain = listenersOf(
      resources,
      assumed.filter((gateway) => !isAssumedByBoth(gateway)),
    );
    return { plan: routes.plan, shared: routes.shared, borrowed, destinations, uncertain };
  }
}

/** Whether two sides have the same documents in the same order. */
function areIdentical(a: ReturnType<typeof sorted>, b: ReturnType<typeof sorted>): boolean {
  const [x, y] = [a, b].map(({ read, services, unmodelled }) =>
    canonical([[...read, ...services].map(({ value }) => value), unmodelled.map(({ text }) => text)]),
  );
  return x === y;
}

/** Returns the listeners of Gateways, by `namespace/name`. */
function listenersOf({ gateways }: Resources, names: readonly string[]): Set<Listener> {
  if (names.length === 0) return new Set();
  const known = readGateways(gateways);
  return new Set(names.flatMap((name) => (known.get(name) ?? []).map(({ listener }) => listener)));
}

function externalNamesOf({ externalNames }: Resources): string {
  const services = externalNames.map(({ value: { metadata, spec } }) =>
    canonical([metadata.namespace ?? "default", metadata.name, spec]),
  );
  return services.sort().join();
}

/** Returns the namespaces whose callers may see different VirtualServices. */
function viewpoints(sides: readonly Resources[]): { callers: string | undefined; namespace: string }[] {
  const named = new Set(
    sides.flatMap(({ virtualServices }) =>
      virtualServices.flatMap(({ value }) => namespacesSeeing(value) ?? []),
    ),
  );
  const isAny = sides.some(({ virtualServices }) =>
    virtualServices.some(({ value }) => namespacesSeeing(value) !== undefined),
  );
  const other = { callers: isAny ? "any other namespace" : undefined, namespace: "" };
  return [other, ...[...named].map((namespace) => ({ callers: `namespace ${namespace}`, namespace }))];
}

function undescribedSubsets({ table }: Plan, destinations: Destinations): string[] {
  return rulesOf(table).flatMap(({ action }) => {
    if (action.kind !== "forward") return [];
    return [...action.destinations, ...action.mirrors].flatMap(
      (to) => destinations.undescribedSubset(to) ?? [],
    );
  });
}

/** Returns a sentence for each object that may affect traffic and differs between the sides. */
function apartNotes(
  nameA: string,
  a: readonly Unmodelled[],
  nameB: string,
  b: readonly Unmodelled[],
): string[] {
  const [ofA, ofB] = [a, b].map((list) => new Map(list.map((one) => [one.name, one.text]))) as [
    Map<string, string>,
    Map<string, string>,
  ];
  return [...new Set([...ofA.keys(), ...ofB.keys()])].flatMap((name) => {
    if (ofA.get(name) === ofB.get(name)) return [];
    if (!ofB.has(name)) return [`${name} is only in ${nameA}, and its effect on requests is not compared`];
    if (!ofA.has(name)) return [`${name} is only in ${nameB}, and its effect on requests is not compared`];
    return [`${name} is not the same on both sides, and its effect on requests is not compared`];
  });
}
