import { METADATA_FILLED_IN } from "../../scripts/schema/schema.ts";
import { valueAt } from "../../scripts/schema/value.ts";
import { isServedNowhere, isTakenAtOtherPorts } from "./gateway-conditions.ts";
import type { Change, Mutant } from "./mutants.ts";
import {
  areAllPods,
  configuresNothing,
  doTheSame,
  hasFullNamesOnly,
  hasNoMarks,
  isAborted,
  isBesideRoutes,
  isNamed,
  isNoPodLabel,
  isOfNoGateway,
  isOnly,
  isPlainLabel,
  isWeightedAlone,
  isWithoutWeight,
} from "./reason-conditions.ts";
import {
  isBehindAll,
  isDelegateOfNoRule,
  isLeftOutOfRoot,
  isLikeNoRule,
  isOfNoHost,
  isOnlyPort,
  isRewrittenToItself,
  isTakenBefore,
  isTakenElsewhere,
  isWithoutPreflights,
  needNoOrder,
} from "./rule-conditions.ts";
import { isMissingSubset, isSaidOfWildcard, isUnnamedSubset, isWithoutSubset } from "./subset-conditions.ts";

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
const UNNAMED_SUBSET = "no rule that a request gets to names the subset of this host";
const MISSING_SUBSET = "the DestinationRule of the host has no such subset, so that Envoy answers 503";
const LEFT_OUT = "Istio leaves the delegate's rule out, because its root says something else of capitals";
const FILLED_IN = "what a cluster fills in";
const EVERY_PATH = "every path begins with /";
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
    holds: ({ object }, before) =>
      !JSON.stringify(before[object]).includes('"./') && !isNamed(before[object], before),
    why: "a Gateway selects pods in every namespace, and nothing here refers to it",
  },
  {
    field: "VirtualService.metadata.namespace",
    holds: hasFullNamesOnly,
    why: "all hosts and gateways have full names, which mean the same in every namespace",
  },
  {
    field: "*.metadata.labels.**",
    holds: isPlainLabel,
    why: "labels of an object that no selector looks at",
  },
  { field: "*.metadata.labels", holds: isPlainLabel, why: "labels of an object that no selector looks at" },
  {
    field: "*.metadata.annotations.**",
    holds: configuresNothing,
    why: "an annotation that routes do not depend on",
  },
  {
    field: "*.metadata.annotations",
    holds: configuresNothing,
    why: "an annotation that routes do not depend on",
  },
  { field: "*.status.**", why: FILLED_IN },
  ...METADATA_FILLED_IN.flatMap((name): Reason[] => [
    { field: `*.metadata.${name}.**`, why: FILLED_IN },
    { field: `*.metadata.${name}`, why: FILLED_IN },
  ]),
  ...["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"].map((name): Reason => ({
    field: `Service.spec.${name}`,
    holds: ({ object, objects }, before) =>
      [before, objects].every((all) => valueAt(all[object], ["spec", "clusterIP"]) !== "None"),
    why: "an address of a Service, which a cluster fills in",
  })),
  {
    field: "Service.spec.type",
    changes: ["removed"],
    holds: ({ object }, before) => valueAt(before[object], ["spec", "type"]) === "ClusterIP",
    why: "a Service without a type has the type ClusterIP",
  },
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
  {
    field: "VirtualService.spec.exportTo",
    changes: ["removed"],
    holds: ({ object, path }, before) => Bun.deepEquals(valueAt(before[object], path), ["*"]),
    why: "all namespaces see a VirtualService by default",
  },
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
    why: EVERY_PATH,
  },
  {
    field: "VirtualService.spec.http.match.uri.prefix",
    changes: ["removed"],
    holds: ({ object, path }, before) => valueAt(before[object], path) === "/",
    why: EVERY_PATH,
  },
  {
    field: "VirtualService.spec.http.match.authority.**",
    holds: isOfNoHost,
    why: "the condition takes none of the hosts of its VirtualService",
  },
  {
    field: "VirtualService.spec.http.match.gateways",
    changes: ["removed"],
    holds: isTakenElsewhere,
    why: "an earlier rule takes the same requests at the other gateways",
  },
  {
    field: "VirtualService.spec.http.mirrorPercentage",
    changes: ["removed"],
    holds: ({ object, path }, before) => valueAt(before[object], [...path, "value"]) === 100,
    why: "without a percentage every request is copied",
  },
  {
    field: "VirtualService.spec.http.rewrite",
    changes: ["removed"],
    holds: isRewrittenToItself,
    why: "the prefix is rewritten to itself",
  },
  {
    field: "VirtualService.spec.http.route.destination.port",
    changes: ["removed"],
    holds: isOnlyPort,
    why: "the Service of the destination has this port alone",
  },
  {
    field: "VirtualService.spec.http",
    changes: ["order"],
    holds: needNoOrder,
    why: "the two rules do the same, or no request meets the conditions of both",
  },
  { field: "VirtualService.spec.http.route.destination.**", holds: isMissingSubset, why: MISSING_SUBSET },
  { field: "VirtualService.spec.http.route.**", holds: isWithoutSubset, why: MISSING_SUBSET },
  { field: "VirtualService.spec.http", changes: ["order"], holds: isBehindAll, why: BEHIND },
  { field: "VirtualService.spec.http", changes: ["order"], holds: isLeftOutOfRoot, why: LEFT_OUT },
  { field: "VirtualService.**", holds: isDelegateOfNoRule, why: "no rule delegates to the VirtualService" },
  { field: "VirtualService.**", holds: isLikeNoRule, why: "the rule does what happens without rules" },
  {
    field: "VirtualService.spec.http.**",
    holds: isTakenBefore,
    why: "earlier rules take all requests of the rule",
  },
  { field: "VirtualService.**", holds: isServedNowhere, why: "the Gateways serve none of the hosts" },
  ...["VirtualService.spec.http.match", "VirtualService.spec.http.match.port"].map((field): Reason => ({
    field,
    changes: ["removed"],
    holds: isTakenAtOtherPorts,
    why: "earlier rules take all requests at the other ports",
  })),
  { field: "VirtualService.spec.http.**", holds: isLeftOutOfRoot, why: LEFT_OUT },
  ...["allowMethods", "allowHeaders", "maxAge"].flatMap((name) =>
    ["", ".**"].map((inner): Reason => ({
      field: `VirtualService.spec.http.corsPolicy.${name}${inner}`,
      holds: isWithoutPreflights,
      why: "the rule answers no preflights, because it takes another method",
    })),
  ),
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
  ...["DestinationRule.spec.host", "DestinationRule.metadata.namespace"].map((field): Reason => ({
    field,
    holds: isSaidOfWildcard,
    why: "the DestinationRule of a wildcard says the same of both hosts",
  })),
  {
    field: "Knative Service.spec.traffic",
    changes: ["order"],
    why: "the targets of a traffic block have no order",
  },
  { field: "Knative Service.spec.template.metadata.annotations.**", holds: configuresNothing, why: SCALING },
  { field: "Knative Service.spec.template.metadata.annotations", holds: configuresNothing, why: SCALING },
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
    field: "Namespace.**",
    holds: hasNoMarks,
    why: "a Namespace configures proxies by its labels alone",
  },
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
