import { Check } from "typebox/schema";
import type { DestinationRule } from "../../../manifests/kinds/istio-destination-rule.ts";
import type { FieldPath, ManifestDocument } from "../../../manifests/document.ts";
import { isRecord, valueAt } from "../../../schema/value.ts";
import type { Sourced } from "../../../manifests/resources.ts";
import { fullHost } from "../../hosts.ts";
import type { Destination } from "../../table.ts";
import { canonical } from "../documents/object-kinds.ts";
import { PlainService, serviceHost } from "../documents/plain-service.ts";
import type { UnmodelledStep } from "./tree.ts";

/** What a destination of a rule stands for on one side. */
export interface Meaning {
  /** The response where istiod makes no cluster for it. */
  missing: string | undefined;
  /** Host, port and, as far as they are known, the labels of the pods. */
  place: string;
  /** Whether no port is written, and the Service has this one alone. */
  onlyPort: number | undefined;
  /** Whether a DestinationRule says what its subset is; true where it names none. */
  isSubsetKnown: boolean;
  /** The pods that the Service selects, for hosts where Knative decides who answers. */
  selector: UnmodelledStep | undefined;
  /** What is said of the way to it, and not modelled. */
  unmodelled: readonly UnmodelledStep[];
}

/** Stands behind a host where neither its port nor the ports of its Service are known. */
export const ONLY_PORT = " (its only port)";

/** A destination, as far as it decides who answers. */
export type DestinationName = Pick<Destination, "host" | "port" | "isPortDefault" | "subset">;

/** Looks up what destinations stand for. */
export interface Destinations {
  /** The hosts of the Services that are described, and those of DestinationRules, which may be wildcards. */
  hosts: readonly string[];
  meaningOf(to: DestinationName): Meaning;
  /** The subset of a destination where no DestinationRule for its host is there. */
  undescribedSubset(to: DestinationName): string | undefined;
  /** The ports of a Service; undefined where it is not described. */
  portsOf(host: string): readonly number[] | undefined;
}

/** Whether two sides say the same of what answers at a host, when a caller asks for it directly. */
export function meanTheSame(a: Destinations, b: Destinations, host: string): boolean {
  const [x, y] = [a, b].map((side) => {
    const { missing, place, unmodelled } = side.meaningOf(directTo(host));
    return canonical([missing, place, unmodelled.map(({ about, text }) => [about, text])]);
  });
  return x === y;
}

/** A host as a caller asks for it, without a rule. */
export function directTo(host: string): DestinationName {
  return { host, port: 80, isPortDefault: true, subset: undefined };
}

/**
 * What the destinations of a side stand for: a Service's ports and selector, the labels of a DestinationRule's subsets,
 * and beside those what is not modelled, as it is written.
 * (istio 1.31, pilot/pkg/networking/core/route/route.go, GetDestinationCluster; pilot/pkg/model/destination_rule.go)
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
  const wildcards = [...rulesFor.keys()]
    .filter((host) => host.startsWith("*"))
    .toSorted((a, b) => b.length - a.length);
  return {
    hosts: [...serviceAt.keys(), ...rulesFor.keys()],
    meaningOf,
    portsOf: (host) => serviceAt.get(host)?.value.spec.ports?.map(({ port }) => port),
    undescribedSubset: ({ host, subset }) =>
      subset !== undefined && rulesOf(host).length === 0 ? `${host} subset ${subset}` : undefined,
  };

  /** The rules of the host's own name, or else those of the longest wildcard. */
  function rulesOf(host: string): readonly Sourced<DestinationRule>[] {
    const own = rulesFor.get(host);
    if (own !== undefined) return own;
    const wild = wildcards.find((pattern) => host.endsWith(pattern.slice(1)));
    return wild === undefined ? [] : (rulesFor.get(wild) ?? []);
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
    const noPort = ports === undefined ? ONLY_PORT : " (the port that is asked)";
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
    // A Service without a selector has endpoints of its own, of which a subset takes those with its labels.
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

/** What a DestinationRule says of a host beside its subsets, and for whom. */
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

/** What a Service says of the way to its pods beside ports and selector. */
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

/** Istio merges the rules of a host in the order of their creation, which files do not tell, and then of their names. */
function orderOf(rule: Sourced<DestinationRule>): string {
  return `${namespaceOf(rule)}/${rule.value.metadata.name}`;
}
