import { isRecord, valueAt } from "../../scripts/schema/value.ts";
import type { Change, Mutant } from "./mutants.ts";

/** Why a field cannot matter to what becomes of a request. */
export interface Reason {
  /** Kind and field, without the indices of lists; `*` stands for one key, `**` for any number at the end. */
  field: string;
  /** The changes that it holds for; all of them by default. */
  changes?: readonly Change[];
  /** Whether it holds for a change, where that depends on what stands beside the field. */
  holds?(mutant: Mutant, before: readonly unknown[]): boolean;
  why: string;
}

const SCALING = "autoscaling says how many pods a revision has, and not who reaches it";
const PROGRAM = "what a pod runs or reads is not a route";
const UNNAMED_SUBSET = "no rule names the subset, and the DestinationRule has no policy for its host";
const BEHIND = "the rule is behind one that takes every request";
const BESIDE = "rights, schemas, scaling and what pods read have no part in routes";
const ABORTED = "the rule's fault answers every request itself";

/** The fields of which a change may be called equal. `test/corpus/run.ts` fails for every other. */
export const REASONS: readonly Reason[] = [
  { field: "*.metadata.name", changes: ["value"], why: "the name of an object that nothing else refers to" },
  {
    field: "*.metadata.namespace",
    changes: ["removed"],
    holds: ({ object }, before) => valueAt(before[object], ["metadata", "namespace"]) === "default",
    why: "an object without a namespace is in default",
  },
  {
    field: "Gateway.metadata.namespace",
    holds: ({ object }, before) => !JSON.stringify(before[object]).includes('"./'),
    why: "a Gateway selects pods in every namespace, and nothing here refers to it",
  },
  {
    field: "VirtualService.metadata.namespace",
    holds: hasFullNamesOnly,
    why: "all hosts and gateways have full names, which mean the same in every namespace",
  },
  { field: "*.metadata.labels.**", holds: isNoPod, why: "labels of an object that no selector looks at" },
  { field: "*.metadata.labels", holds: isNoPod, why: "labels of an object that no selector looks at" },
  { field: "*.metadata.annotations.**", why: "an annotation that routes do not depend on" },
  { field: "*.metadata.annotations", why: "an annotation that routes do not depend on" },
  { field: "*.status.**", why: "what a cluster fills in" },
  { field: "VirtualService.spec.http.name", why: "the name of a rule is for statistics" },
  { field: "VirtualService.spec.http.match.name", why: "the name of a condition is for statistics" },
  { field: "VirtualService.spec.http.match.statPrefix", why: "a prefix for statistics" },
  { field: "VirtualService.spec.hosts", changes: ["order"], why: "the hosts of an object have no order" },
  {
    field: "VirtualService.spec.gateways",
    changes: ["order"],
    why: "the gateways of an object have no order",
  },
  { field: "VirtualService.spec.exportTo", changes: ["order"], why: "namespaces have no order" },
  { field: "VirtualService.spec.http.match", changes: ["order"], why: "any one of the conditions is enough" },
  {
    field: "VirtualService.spec.http.route",
    changes: ["order"],
    why: "destinations have weights, and no order",
  },
  { field: "VirtualService.spec.http.mirrors", changes: ["order"], why: "each copy is sent for itself" },
  {
    field: "VirtualService.spec.http.route.weight",
    holds: isOnly,
    why: "a destination alone gets everything",
  },
  {
    field: "VirtualService.spec.http.match.uri",
    changes: ["removed"],
    holds: ({ object, path }, before) => valueAt(before[object], [...path, "prefix"]) === "/",
    why: "every path begins with /",
  },
  { field: "VirtualService.spec.http", changes: ["order"], holds: isBehindAll, why: BEHIND },
  { field: "VirtualService.spec.http.**", holds: isBehindAll, why: BEHIND },
  { field: "VirtualService.spec.http.route.**", holds: isAborted, why: ABORTED },
  {
    field: "Gateway.spec.servers.port.name",
    changes: ["value"],
    why: "the name of a port is for statistics",
  },
  { field: "Gateway.spec.servers.name", why: "the name of a server is for statistics" },
  { field: "Gateway.spec.servers.hosts", changes: ["order"], why: "the hosts of a server have no order" },
  { field: "Gateway.spec.servers", changes: ["order"], why: "the servers of a Gateway have no order" },
  {
    field: "Gateway.spec.servers.hosts",
    changes: ["value", "removed"],
    holds: ({ object }, before) => !isNamed(before[object], before),
    why: "no rule holds at the server for plain HTTP, which answers 404 whatever its hosts are",
  },
  { field: "DestinationRule.spec.subsets", changes: ["order"], why: "subsets have no order" },
  { field: "DestinationRule.spec.subsets.**", holds: isUnnamedSubset, why: UNNAMED_SUBSET },
  { field: "DestinationRule.spec.subsets", holds: isUnnamedSubset, why: UNNAMED_SUBSET },
  { field: "DestinationRule.spec.host", holds: isUnnamedSubset, why: UNNAMED_SUBSET },
  { field: "DestinationRule.metadata.namespace", holds: isUnnamedSubset, why: UNNAMED_SUBSET },
  { field: "Knative Service.spec.template.metadata.annotations.**", why: SCALING },
  { field: "Knative Service.spec.template.metadata.annotations", why: SCALING },
  {
    field: "Knative Service.spec.template.metadata",
    changes: ["removed"],
    holds: ({ object, path }, before) => valueAt(before[object], [...path, "name"]) === undefined,
    why: SCALING,
  },
  ...["Pod", "Secret", "ConfigMap", "ServiceAccount", "Deployment", "Job"].map((kind): Reason => ({
    field: `${kind}.**`,
    holds: isNoPodLabel,
    why: PROGRAM,
  })),
  {
    field: "VirtualService.spec.http.route.**",
    holds: isWithoutWeight,
    why: "a destination without a weight gets nothing beside others",
  },
  {
    field: "VirtualService.spec.http.route.weight",
    holds: isWeightedAlone,
    why: "the one destination with a weight gets everything",
  },
  {
    field: "VirtualService.spec.http.match.**",
    holds: doTheSame,
    why: "all rules do the same, and together they take the same requests",
  },
  ...[
    "VirtualService.spec.hosts",
    "VirtualService.spec.http.route.weight",
    "VirtualService.spec.http.route.destination.subset",
    "DestinationRule.spec.subsets.**",
  ].map((field): Reason => ({
    field,
    holds: areAllPods,
    why: "each subset has all pods of its Service, to which requests also go without rules",
  })),
  { field: "*.**", holds: isBesideRoutes, why: BESIDE },
  {
    field: "VirtualService.spec.http.match.gateways",
    changes: ["value"],
    holds: isOfNoGateway,
    why: "neither gateway is one of the VirtualService, so that the condition holds nowhere",
  },
  {
    field: "Service.**",
    holds: ({ object }, before) => valueAt(before[object], ["spec"]) === undefined,
    why: "a Service without ports and selector says nothing of who answers",
  },
];

const BESIDE_ROUTES =
  /^(rbac\.authorization\.k8s\.io|apiextensions\.k8s\.io|policy|autoscaling|batch|monitoring\.coreos\.com)\//;
const CORE_BESIDE_ROUTES =
  /^(ConfigMap|Secret|ServiceAccount|PersistentVolume|PersistentVolumeClaim|LimitRange|ResourceQuota)$/;

// What configures the routes of Knative and Istio; the example in it documents the settings.
const CONFIGURATION = /^(config-(domain|network|istio|gateway|defaults|features)|istio|istio-.+)$/;

/** Whether an object has no part in routes, before and after the change: rights, schemas, scaling, what pods read. */
function isBesideRoutes({ object, objects, path }: Mutant, before: readonly unknown[]): boolean {
  return [before[object], objects[object]].every((one) => {
    const [version, kind] = ["apiVersion", "kind"].map((field) => String(valueAt(one, [field])));
    const name = String(valueAt(one, ["metadata", "name"]));
    if (kind === "ConfigMap" && CONFIGURATION.test(name))
      return path[0] === "metadata" ? path[1] !== "name" : path.includes("_example");
    return BESIDE_ROUTES.test(version ?? "") || CORE_BESIDE_ROUTES.test(kind ?? "");
  });
}

function isOfNoGateway({ object, objects, path }: Mutant, before: readonly unknown[]): boolean {
  const own = valueAt(before[object], ["spec", "gateways"]);
  const named = [before[object], objects[object]].map((one) => valueAt(one, path));
  return Array.isArray(own) && named.every((name) => !own.includes(name));
}

/** Labels of pods decide who answers, and those of a Knative Service who reaches it. */
function isNoPod({ object }: Mutant, before: readonly unknown[]): boolean {
  const kind = valueAt(before[object], ["kind"]);
  return ["VirtualService", "DestinationRule", "Gateway", "Service", "Deployment"].includes(String(kind));
}

/** Pods are selected by their labels, which a workload may have in its template. */
function isNoPodLabel({ path }: Mutant): boolean {
  return !path.includes("labels");
}

function hasFullNamesOnly({ object }: Mutant, before: readonly unknown[]): boolean {
  const text = JSON.stringify(valueAt(before[object], ["spec"]));
  const names = [...text.matchAll(/"(?:host|hosts|gateways)":(\[[^\]]*\]|"[^"]*")/g)].flatMap(
    ([, found = ""]) => [...found.matchAll(/"([^"]*)"/g)],
  );
  return names.every(([, name = ""]) => /[./*]|^mesh$/.test(name));
}

function isOnly({ object, path }: Mutant, before: readonly unknown[]): boolean {
  const routes = valueAt(before[object], path.slice(0, 4));
  return Array.isArray(routes) && routes.length === 1;
}

/** Whether a rule before the changed one has no condition. */
function isBehindAll({ object, path, change }: Mutant, before: readonly unknown[]): boolean {
  const rules = valueAt(before[object], ["spec", "http"]);
  const at = path.findLast((key) => typeof key === "number");
  const rule = path[2] ?? at;
  if (!Array.isArray(rules) || typeof rule !== "number") return false;
  const first = rules.findIndex((one) => valueAt(one, ["match"]) === undefined);
  return first >= 0 && first < (change === "order" && path.length === 3 ? rule - 1 : rule);
}

function isAborted({ object, path }: Mutant, before: readonly unknown[]): boolean {
  const abort = valueAt(before[object], [...path.slice(0, 3), "fault", "abort"]);
  return valueAt(abort, ["percentage", "value"]) === 100 || valueAt(abort, ["percent"]) === 100;
}

function isNamed(gateway: unknown, objects: readonly unknown[]): boolean {
  const name = String(valueAt(gateway, ["metadata", "name"]));
  return objects.some((object) => {
    const gateways = valueAt(object, ["spec", "gateways"]);
    return Array.isArray(gateways) && gateways.some((each) => String(each).replace(/^.*\//, "") === name);
  });
}

/** Whether a destination of several has the weight 0, before and after the change. */
function isWithoutWeight({ object, objects, path }: Mutant, before: readonly unknown[]): boolean {
  return [before[object], objects[object]].every((one) => {
    const routes = valueAt(one, path.slice(0, 4));
    const weight = valueAt(one, [...path.slice(0, 5), "weight"]);
    return Array.isArray(routes) && routes.length > 1 && (weight === 0 || weight === undefined);
  });
}

/** Whether one destination alone has a weight, before and after the change. */
function isWeightedAlone({ object, objects, path }: Mutant, before: readonly unknown[]): boolean {
  const weighted = [before[object], objects[object]].map((one) => {
    const routes = valueAt(one, path.slice(0, 4));
    const weights = (Array.isArray(routes) ? routes : []).map((route) => valueAt(route, ["weight"]) ?? 0);
    return weights.flatMap((weight, i) => (weight === 0 ? [] : [i]));
  });
  const [was, is] = weighted;
  return was?.length === 1 && is?.length === 1 && was[0] === is[0];
}

/** Whether the rules of a VirtualService differ in their conditions alone, before and after the change. */
function doTheSame({ object, objects }: Mutant, before: readonly unknown[]): boolean {
  const actions = [before[object], objects[object]].flatMap((one) => {
    const rules = valueAt(one, ["spec", "http"]);
    return (Array.isArray(rules) ? rules : []).map((rule) =>
      isRecord(rule) ? JSON.stringify({ ...rule, match: undefined, name: undefined }) : "",
    );
  });
  return new Set(actions).size === 1;
}

/** Whether a DestinationRule has nothing but subsets of which no rule of the file names one. */
function isUnnamedSubset({ object, path }: Mutant, before: readonly unknown[]): boolean {
  const rule = before[object];
  const spec = valueAt(rule, ["spec"]);
  const subsets = valueAt(spec, ["subsets"]);
  const all: unknown[] = Array.isArray(subsets) ? subsets : [];
  // What is said of the whole host depends on the host, and not on subsets that nobody names.
  const isOfSubset = path[1] === "subsets" && typeof path[2] === "number";
  const said = ["trafficPolicy", "exportTo", "workloadSelector"];
  if (!isOfSubset && said.some((field) => valueAt(spec, [field]) !== undefined)) return false;
  const changed = isOfSubset ? [all[Number(path[2])]] : all;
  const used = new Set(before.flatMap((one) => [...subsetsIn(one)]));
  return changed.every((subset) => !used.has(String(valueAt(subset, ["name"]))));
}

/** The subsets that an object names, but for destinations without a weight beside others. */
function* subsetsIn(value: unknown): Generator<string> {
  if (Array.isArray(value)) for (const item of value) yield* subsetsIn(item);
  if (!isRecord(value)) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === "subset" && typeof inner === "string") yield inner;
    else if (key !== "route" || !Array.isArray(inner) || inner.length < 2) yield* subsetsIn(inner);
    else yield* subsetsIn(inner.filter((one) => (valueAt(one, ["weight"]) ?? 0) !== 0));
  }
}

/** Whether each subset has labels that its Service selects by anyway, before and after the change. */
function areAllPods({ objects }: Mutant, before: readonly unknown[]): boolean {
  return [before, objects].every((all) => {
    const selectors = all.flatMap((one) => {
      const selector = valueAt(one, ["spec", "selector"]);
      return valueAt(one, ["kind"]) === "Service" && isRecord(selector) ? [selector] : [];
    });
    const subsets = all.flatMap((one) => {
      const own = valueAt(one, ["spec", "subsets"]);
      return Array.isArray(own) ? own : [];
    });
    const labels = subsets.flatMap((one) => Object.entries(valueAt(one, ["labels"]) ?? {}));
    if (selectors.length === 0 || subsets.length === 0) return false;
    return labels.every(([name, is]) => selectors.every((one) => one[name] === is));
  });
}

/** The reason why a change cannot matter. */
export function reasonFor(field: string, mutant: Mutant, before: readonly unknown[]): Reason | undefined {
  return REASONS.find(
    ({ field: pattern, changes, holds }) =>
      isMeant(pattern, field) &&
      changes?.includes(mutant.change) !== false &&
      holds?.(mutant, before) !== false,
  );
}

function isMeant(pattern: string, field: string): boolean {
  const [wanted, given] = [pattern.split("."), field.split(".")];
  const isOpen = wanted.at(-1) === "**";
  if (isOpen) wanted.pop();
  if (isOpen ? given.length < wanted.length : given.length !== wanted.length) return false;
  return wanted.every((key, i) => key === "*" || key === given[i]);
}
