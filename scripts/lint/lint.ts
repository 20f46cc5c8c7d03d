import type { ManifestDocument } from "../manifests/document.ts";
import { type Problem, problemAt } from "../manifests/problem.ts";
import { isRolloutFile } from "../manifests/rollout-file.ts";
import { suggestion } from "../nearest.ts";
import { compileRoutes } from "../traffic/compile/compile.ts";
import { type Cause, unreachableRules } from "../traffic/equal/unreachable-rules.ts";
import { borrow } from "../traffic/equal/documents/borrow.ts";
import { sidecarHosts, sorted } from "../traffic/equal/documents/object-kinds.ts";
import { CLUSTER_DOMAIN, coversHost, KNATIVE_GATEWAYS } from "../traffic/hosts.ts";
import { mergeDelegates } from "../traffic/istio/delegates.ts";
import { gatewayName } from "../route-fields/match/compile.ts";
import { planKnativeServices } from "../traffic/compile/knative.ts";
import { type Facts, factsOf } from "./rules/facts.ts";
import { type Finding, findingOf, type Rule } from "./finding.ts";
import { type ReadObjects, readObjects } from "./rules/read-objects.ts";
import { DESTINATION_RULES } from "./rules/destination-rules.ts";
import { GATEWAY_RULES } from "./rules/gateways.ts";
import { HOST_RULES } from "./rules/hosts.ts";
import { ROUTE_RULES } from "./rules/routes.ts";
import { rolloutFileProblems } from "./rules/rollout-files.ts";
import { SECURITY_RULES } from "./rules/security.ts";
import { WORKLOAD_RULES } from "./rules/workloads.ts";

/** The rules that examine objects; the other codes come from reading and compiling the files. */
export const RULES: readonly Rule<Facts>[] = [
  ...ROUTE_RULES,
  ...HOST_RULES,
  ...GATEWAY_RULES,
  ...DESTINATION_RULES,
  ...WORKLOAD_RULES,
  ...SECURITY_RULES,
];

/** The domain of public Knative Services does not affect the findings. */
const DOMAIN = "example.com";

/**
 * Finds the pitfalls of Knative with Istio in documents.
 * @param all objects of a cluster, and files of rollouts
 * @param around further documents, for objects that these only refer to
 * @returns findings in the order of the files
 */
export function lint(all: readonly ManifestDocument[], around: readonly ManifestDocument[]): Finding[] {
  const documents = all.filter((document) => !isRolloutFile(document));
  const { unmodelled } = sorted(documents);
  const own = readObjects(documents);
  const read = readObjects(around);
  const { resources, borrowedObjects, assumed } = borrow(own.resources, [read.resources]);
  const lentFiles = new Set(borrowedObjects.map(({ file }) => file).flatMap((files) => files.split(", ")));
  const lent = around.filter(({ file }) => lentFiles.has(file));
  const { objects } = lent.length === 0 ? own : readObjects([...documents, ...lent]);
  const beside = factsOf(read.objects);
  const facts = factsOf({ ...objects, services: [...objects.services, ...beside.objects.services] });
  const isOwn = new Set(documents);
  const findings = RULES.flatMap((rule) =>
    [...rule.check(facts)]
      .filter(({ document }) => isOwn.has(document))
      .map(({ document, path, message, fix, repairs = [], proposals = [] }): Finding => {
        if (repairs.length > 0 && rule.mayRepair !== true)
          throw new Error(`internal error: the rule ${rule.code} has repairs and does not say so`);
        const [safe, others] = [repairs, proposals].map((changes) =>
          changes.map(([path, value]) => ({ document, path, value })),
        );
        const problem = problemAt(rule.code, document, path, { message, fix });
        return { ...problem, repairs: safe ?? [], proposals: others ?? [] };
      }),
  );
  const planned = planKnativeServices(resources.knativeServices);
  const { virtualServices } = mergeDelegates(resources.virtualServices);
  const merged = { ...resources, virtualServices };
  const routes = compileRoutes(planned.services, merged, DOMAIN, sidecarHosts(unmodelled));
  const files = new Set(documents.map(({ file }) => file));
  const dead = unreachableRules(routes.plan).map(({ rule: { at }, cause }): Problem => {
    const code = cause === "undecided" ? "undecided-rule" : "unreachable-rule";
    return { code, severity: "warning", at, field: "", ...UNREACHABLE[cause] };
  });
  const problems = [
    ...own.problems,
    ...planned.problems,
    ...routes.problems,
    ...dead,
    ...unknownGateways(own, assumed),
  ]
    .filter((problem) => files.has(problem.at.file) && !isThere(problem, facts, beside))
    .map(findingOf);
  const certain = [...findings, ...problems].filter(stands(own));
  const services = [...own.resources.knativeServices, ...read.resources.knativeServices];
  const ofRollouts = rolloutFileProblems(all.filter(isRolloutFile), services).map(findingOf);
  return inOrder(withoutDoubles([...certain, ...ofRollouts]), all);
}

const UNREACHABLE = {
  "no-such-path": {
    message: "this rule never matches: every path begins with /, and none meets the condition on uri",
    fix: "begin the expression or path with /, or remove the rule",
  },
  "no-such-request": {
    message: "this rule never matches: no request meets its conditions",
    fix: "correct the conditions, or remove the rule",
  },
  "taken-before": {
    message: "unreachable: earlier rules match all of its requests",
    fix: "move it up, or remove it",
  },
  undecided: {
    message: "not decided whether a request gets here: it and the rules before it overlap in too many ways",
    fix: "check it by hand, or give the rules paths that do not overlap",
  },
} as const satisfies Record<Cause, { message: string; fix: string }>;

/**
 * Returns a predicate for findings that hold although parts of an object were omitted: a rule without one of its
 * conditions matches more requests, and a map without an invalid field may lack that field's effect.
 */
function stands({ leftOut, problems }: ReadObjects): (finding: Finding) => boolean {
  const unknown = new Set(
    problems.filter(({ code }) => code === "unknown-field").map(({ at }) => placeOf(at)),
  );
  const around = new Set<string>();
  const files = new Set<string>();
  for (const { document, invalid, unsupported } of leftOut) {
    if ([...invalid, ...unsupported].some((path) => path.includes("match"))) files.add(document.file);
    for (const path of invalid) {
      if (unknown.has(placeOf(document.atKey(path)))) continue;
      for (let depth = 1; depth < path.length; depth++)
        around.add(placeOf(document.at(path.slice(0, depth))));
    }
  }
  const ofReading = new Set(problems.map(({ at, code }) => `${placeOf(at)} ${code}`));
  return ({ code, at }) => {
    if (ofReading.has(`${placeOf(at)} ${code}`)) return true;
    const isAboutReach = code === "unreachable-rule" || code === "undecided-rule";
    return !(isAboutReach && files.has(at.file)) && !around.has(placeOf(at));
  };
}

function placeOf({ file, line, column }: Problem["at"]): string {
  return `${file}:${line}:${column}`;
}

/**
 * Returns the gateways that VirtualServices name and no file describes; compiling assumes that they serve every host.
 */
function unknownGateways({ resources, objects }: ReadObjects, assumed: readonly string[]): Problem[] {
  const { virtualServices } = resources;
  // A Gateway is described even if parts of it are invalid or not supported here.
  const described = objects.gateways.map(({ value: { metadata } }) => {
    return `${metadata.namespace ?? "default"}/${metadata.name}`;
  });
  const known = ["mesh", ...described, ...Object.keys(KNATIVE_GATEWAYS)];
  return virtualServices.flatMap(({ value, document }) =>
    (value.spec.gateways ?? []).flatMap((written, i): Problem[] => {
      const name = gatewayName(written, value.metadata.namespace ?? "default");
      if (!assumed.includes(name) || described.includes(name)) return [];
      const message = `these files have no Gateway ${name}`;
      const path = ["spec", "gateways", i];
      return [problemAt("known-gateway", document, path, { message, name, ...suggestion(name, known) })];
    }),
  );
}

/**
 * Whether a host or revision that a problem reports as missing is described by a Service or ServiceEntry, or by a file
 * of `around`. A wildcard and the external name of a Service need no object of their own.
 */
function isThere({ code, name = "" }: Problem, { serviceHosts, objects }: Facts, beside: Facts): boolean {
  if (code === "known-revision") return beside.services.some(({ revisions }) => revisions.has(name));
  if (code === "external-name") return !name.endsWith(`.${CLUSTER_DOMAIN}`);
  if (code !== "known-host") return false;
  if (name.startsWith("*") || serviceHosts.has(name)) return true;
  if (beside.revisionHosts.has(name) || beside.knativeHosts.has(name)) return true;
  return [...objects.serviceEntries, ...beside.objects.serviceEntries].some(({ value }) =>
    (value.spec?.hosts ?? []).some((host) => coversHost(host, name)),
  );
}

/** The first of several findings of one code at one place; each missing field of a map counts separately. */
function withoutDoubles(findings: readonly Finding[]): Finding[] {
  const seen = new Set<string>();
  return findings.filter(({ at, code, name }) => {
    const key = `${placeOf(at)} ${code} ${code === "missing-field" ? name : ""}`;
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  });
}

function inOrder(findings: readonly Finding[], documents: readonly ManifestDocument[]): Finding[] {
  const ranks = new Map([...new Set(documents.map(({ file }) => file))].map((file, i) => [file, i]));
  const rank = ({ at }: Finding): number => ranks.get(at.file) ?? -1;
  return findings.toSorted((a, b) => rank(a) - rank(b) || a.at.line - b.at.line || a.at.column - b.at.column);
}
