import { valueAt } from "../../scripts/schema/value.ts";
import type { Change, Mutant } from "./mutants.ts";
import {
  areAllPods,
  doTheSame,
  hasFullNamesOnly,
  isAborted,
  isBehindAll,
  isBesideRoutes,
  isNamed,
  isNoPod,
  isNoPodLabel,
  isOfNoGateway,
  isOnly,
  isUnnamedSubset,
  isWeightedAlone,
  isWithoutWeight,
} from "./reason-conditions.ts";

/** Why a field does not affect requests. */
export interface Reason {
  /** Kind and field, without the indices of lists; `*` stands for one key, `**` for any number at the end. */
  field: string;
  /** The changes to which it applies; all by default. */
  changes?: readonly Change[];
  /** Whether it applies to a change, if that depends on other fields. */
  holds?(mutant: Mutant, before: readonly unknown[]): boolean;
  why: string;
}

const SCALING = "autoscaling says how many pods a revision has, and not who reaches it";
const PROGRAM = "what a pod runs or reads is not a route";
const UNNAMED_SUBSET = "no rule names the subset, and the DestinationRule has no policy for its host";
const BEHIND = "the rule is behind one that takes every request";
const BESIDE = "rights, schemas, scaling and what pods read have no part in routes";
const ABORTED = "the rule's fault answers every request itself";

/** The fields whose changes may be called equal. `test/corpus/run.ts` fails for every other field. */
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

/** The reason why a change has no effect. */
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
