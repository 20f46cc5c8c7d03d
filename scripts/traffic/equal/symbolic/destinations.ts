import { Check } from "typebox/schema";
import type { DestinationRule } from "../../../manifests/kinds/istio-destination-rule.ts";
import type { FieldPath, ManifestDocument } from "../../../manifests/document.ts";
import { isRecord, valueAt } from "../../../schema/value.ts";
import type { Sourced } from "../../../manifests/resources.ts";
import { byLongestPattern, fullHost } from "../../hosts.ts";
import type { Destination } from "../../table.ts";
import { canonical } from "../documents/object-kinds.ts";
import { PlainService, serviceHost } from "../documents/plain-service.ts";
import type { UnmodelledStep } from "./tree.ts";

/** The meaning of a rule's destination on one side. */
export interface Meaning {
  /** The response if istiod makes no cluster for it. */
  missing: string | undefined;
  /** Host, port and, if known, the labels of the pods. */
  place: string;
  /** The only port of the Service, if the rule sets no port. */
  onlyPort: number | undefined;
  /** Whether a DestinationRule defines its subset; true if it names none. */
  isSubsetKnown: boolean;
  /** The selector of the Service, for hosts that Knative serves. */
  selector: UnmodelledStep | undefined;
  /** Unmodelled settings on the way to it. */
  unmodelled: readonly UnmodelledStep[];
}

/** Follows a host if neither its port nor the ports of its Service are known. */
export const ONLY_PORT = " (its only port)";

/** The parts of a destination that decide which pods answer. */
export type DestinationName = Pick<Destination, "host" | "port" | "isPortDefault" | "subset">;

/** Looks up the meaning of destinations. */
export interface Destinations {
  /** The hosts of the described Services, and those of DestinationRules, which may be wildcards. */
  hosts: readonly string[];
  meaningOf(to: DestinationName): Meaning;
  /** The subset of a destination if there is no DestinationRule for its host. */
  undescribedSubset(to: DestinationName): string | undefined;
  /** The ports of a Service; undefined if it is not described. */
  portsOf(host: string): readonly number[] | undefined;
}

/** Whether a direct request to a host has the same outcome on both sides. */
export function meanTheSame(a: Destinations, b: Destinations, host: string): boolean {
  const [x, y] = [a, b].map((side) => {
    const { missing, place, unmodelled } = side.meaningOf(directTo(host));
    return canonical([missing, place, unmodelled.map(({ about, text }) => [about, text])]);
  });
  return x === y;
}

/** The destination of a direct request to a host, without a rule. */
export function directTo(host: string): DestinationName {
  return { host, port: 80, isPortDefault: true, subset: undefined };
}

/**
 * Reads the meaning of a side's destinations: a Service's ports and selector, the labels of a DestinationRule's
 * subsets, and unmodelled settings as written. (istio 1.31, pilot/pkg/networking/core/route/route.go,
 * GetDestinationCluster; pilot/pkg/model/destination_rule.go)
 */
export function readDestinations(
  rules: readonly Sourced<DestinationRule>[],
  services: readonly ManifestDocument[],
): Destinations {
  const serviceAt = new Map(
    services.flatMap((document) => {
      const host = serviceHost(document);
      return host !== undefined && Check(PlainService, document.value)
        ? [[host, { value: document.value, document }] as const]
        : [];
    }),
  );
  const rulesFor = new Map<string, Sourced<DestinationRule>[]>();
  for (const rule of rules.toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))) {
    const host = fullHost(rule.value.spec.host, namespaceOf(rule));
    rulesFor.set(host, [...(rulesFor.get(host) ?? []), rule]);
  }
  const ruleOf = byLongestPattern(rulesFor);
  return {
    hosts: [...serviceAt.keys(), ...rulesFor.keys()],
    meaningOf,
    portsOf: (host) => serviceAt.get(host)?.value.spec.ports?.map(({ port }) => port),
    undescribedSubset: ({ host, subset }) =>
      subset !== undefined && rulesOf(host).length === 0 ? `${host} subset ${subset}` : undefined,
  };

  function rulesOf(host: string): readonly Sourced<DestinationRule>[] {
    return ruleOf(host) ?? [];
  }

  function meaningOf({ host, port: written, isPortDefault, subset }: DestinationName): Meaning {
    const service = serviceAt.get(host);
    const ports = service?.value.spec.ports?.map(({ port }) => port);
    const port = isPortDefault === true ? onlyOf(ports) : written;
    const onlyPort = isPortDefault === true ? port : undefined;
    const rules = rulesOf(host);
    const chosen = rules.flatMap((rule) =>
      (rule.value.spec.subsets ?? []).flatMap((one, i) => (one.name === subset ? [{ rule, i, one }] : [])),
    )[0];
    const noPort = ports === undefined ? ONLY_PORT : " (the requested port)";
    const place = `${host}${port === undefined ? noPort : `:${port}`}`;
    const unmodelled = [
      ...rules.flatMap((rule) => said(rule, host)),
      ...(chosen === undefined ? [] : policyOf(chosen.rule, ["spec", "subsets", chosen.i, "trafficPolicy"])),
      ...(service === undefined ? [] : saidOfService(service, port)),
    ];
    const selector =
      service?.value.spec.selector === undefined
        ? undefined
        : stepAt(service.document, ["spec", "selector"], service.value.spec.selector);
    if (port !== undefined && ports !== undefined && !ports.includes(port))
      return missing(`${host} has no port ${port}`);
    if (subset !== undefined && chosen === undefined) {
      if (rules.length > 0) return missing(`${host} has no subset ${subset}`);
      return {
        missing: undefined,
        place: `${place} subset ${subset}`,
        isSubsetKnown: false,
        onlyPort,
        selector,
        unmodelled,
      };
    }
    const labels = [
      ...Object.entries(service?.value.spec.selector ?? {}),
      ...Object.entries(chosen?.one.labels ?? {}),
    ];
    const pods = [...new Set(labels.map(([name, value]) => `${name}=${value}`))].sort().join(", ");
    // A Service without a selector has endpoints of its own; a subset selects those with its labels.
    const isUnselected = service !== undefined && Object.keys(service.value.spec.selector ?? {}).length === 0;
    const behind = isUnselected ? `${place}, which has no selector` : place;
    const text = pods === "" ? behind : `${behind}, pods with ${pods}`;
    return { missing: undefined, place: text, isSubsetKnown: true, onlyPort, selector, unmodelled };

    function missing(why: string): Meaning {
      const said = `503 (no cluster: ${why})`;
      return { missing: said, place, isSubsetKnown: true, onlyPort, selector, unmodelled: [] };
    }
  }
}

const onlyOf = (ports: readonly number[] | undefined): number | undefined =>
  ports?.length === 1 ? ports[0] : undefined;

/** Returns the settings of a DestinationRule for a host besides its subsets, and the clients they apply to. */
function said(rule: Sourced<DestinationRule>, host: string): UnmodelledStep[] {
  const isForAll = host.split(".")[1] === namespaceOf(rule) || namespaceOf(rule) === "istio-system";
  const where: UnmodelledStep[] = isForAll
    ? []
    : [stepAt(rule.document, ["metadata", "namespace"], namespaceOf(rule))];
  return [
    ...where,
    ...policyOf(rule, ["spec", "trafficPolicy"]),
    ...policyOf(rule, ["spec", "exportTo"]),
    ...policyOf(rule, ["spec", "workloadSelector"]),
  ];
}

function policyOf({ document }: Sourced<DestinationRule>, path: FieldPath): UnmodelledStep[] {
  const value = valueAt(document.value, path);
  return value === undefined ? [] : [stepAt(document, path, value)];
}

/** Returns the settings of a Service besides ports and selector. */
function saidOfService(
  { value, document }: { value: PlainService; document: ManifestDocument },
  port: number | undefined,
): UnmodelledStep[] {
  const spec: Readonly<Record<string, unknown>> = value.spec;
  const filledIn = new Set(["selector", "ports", "clusterIPs", "ipFamilies", "ipFamilyPolicy"]);
  const others = Object.entries(spec).filter(([field, of]) => {
    if (field === "clusterIP") return of === "None";
    if (field === "type") return of !== "ClusterIP";
    return !filledIn.has(field);
  });
  const ports = (value.spec.ports ?? []).filter((one) => port === undefined || one.port === port);
  return [
    ...others.map(([field, of]) => stepAt(document, ["spec", field], of)),
    ...(ports.length === 0 ? [] : [stepAt(document, ["spec", "ports"], ports)]),
  ];
}

function stepAt(document: ManifestDocument, path: FieldPath, value: unknown): UnmodelledStep {
  const kind = isRecord(document.value) ? String(document.value["kind"]) : "object";
  const field = path.filter((key) => typeof key === "string").join(".");
  return { kind: "unmodelled", about: `${kind} ${field}`, text: canonical(value), at: document.at(path) };
}

function namespaceOf({ value }: Sourced<DestinationRule>): string {
  return value.metadata.namespace ?? "default";
}

/** Istio merges the rules of a host by creation time, which files do not contain, and then by name. */
function orderOf(rule: Sourced<DestinationRule>): string {
  return `${namespaceOf(rule)}/${rule.value.metadata.name}`;
}
