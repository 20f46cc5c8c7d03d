import { type KnativeService, VISIBILITY_LABEL } from "../../manifests/kinds/knative-service.ts";
import type { Code } from "../../manifests/codes/codes.ts";
import { type Problem, problemAt, type ProblemText } from "../../manifests/problem.ts";
import type { Sourced } from "../../manifests/resources.ts";
import { suggestion } from "../../nearest.ts";
import { checkState, namespaceOf, readRevision } from "./knative-state.ts";
import type { Revision, ServicePlan, TrafficTarget } from "./service-plan.ts";

/**
 * Reads Knative Services from their states. Each state of one name adds a revision. The traffic block of the last
 * state is in force; without one all traffic goes to the latest revision, as in Knative.
 */
export function planKnativeServices(states: readonly Sourced<KnativeService>[]): {
  services: ServicePlan[];
  problems: Problem[];
} {
  const problems: Problem[] = [];
  const byName = Map.groupBy(states, ({ value }) => `${namespaceOf(value)}/${value.metadata.name}`);
  const services = [...byName.values()].map((of) => planService(of, problems));
  return { services, problems };
}

function planService(states: readonly Sourced<KnativeService>[], problems: Problem[]): ServicePlan {
  const last = states[states.length - 1] as Sourced<KnativeService>;
  const { name, labels } = last.value.metadata;
  const namespace = namespaceOf(last.value);
  const revisions = states.map((state, i) => readRevision(state, i + 1));
  const label = labels?.[VISIBILITY_LABEL];
  for (const state of states) checkState(state, state === last, problems);
  for (const [i, revision] of revisions.entries()) {
    const first = revisions.findIndex(({ name }) => name === revision.name);
    if (first === i) continue;
    const { file } = (states[first] as Sourced<KnativeService>).document;
    problems.push({
      code: "revision-twice",
      severity: "error",
      name: revision.name,
      at: revision.at,
      field: "spec.template.metadata.name",
      message: `revision ${revision.name} is described in ${file} already`,
      fix: "a revision never changes: give this one a new name",
    });
  }
  return {
    name,
    namespace,
    visibility: label === "cluster-local" ? "cluster-local" : "public",
    revisions,
    traffic: readTraffic(last, revisions, problems),
    at: last.document.atKey(["spec", "traffic"]),
  };
}

function readTraffic(
  state: Sourced<KnativeService>,
  revisions: Revision[],
  problems: Problem[],
): TrafficTarget[] {
  const { document } = state;
  const latest = (revisions[revisions.length - 1] as Revision).name;
  const block = state.value.spec.traffic;
  if (block === undefined) {
    const at = document.at(["spec"]);
    return [{ revision: latest, tag: undefined, percent: 100, latest: true, at }];
  }
  const known = revisions.map(({ name }) => name);
  const tags = new Map<string, number>();
  const targets = block.map((target, i): TrafficTarget => {
    const path = ["spec", "traffic", i];
    const { revisionName, latestRevision, tag, percent = 0 } = target;
    if (revisionName !== undefined && latestRevision === true) {
      error(
        "traffic-target",
        i,
        "latestRevision",
        `may not set revisionName ${revisionName} when latestRevision is true`,
        { fix: "leave one out" },
      );
    } else if (revisionName === undefined && latestRevision !== true) {
      error("traffic-target", i, undefined, "the target names no revision", {
        fix: "add revisionName, or latestRevision: true",
      });
    } else if (revisionName !== undefined && !known.includes(revisionName)) {
      error("known-revision", i, "revisionName", `there is no revision ${revisionName}`, {
        name: revisionName,
        ...suggestion(revisionName, known),
      });
    }
    if (tag !== undefined) {
      const other = tags.get(tag);
      if (other !== undefined)
        error("tag-twice", i, "tag", `the tag ${tag} is on traffic[${other}] already`, {
          fix: "a tag names one target",
        });
      tags.set(tag, i);
    }
    return {
      revision: revisionName ?? latest,
      tag,
      percent,
      latest: latestRevision === true,
      at: document.at(path),
    };
  });
  const sum = targets.reduce((all, { percent }) => all + percent, 0);
  if (sum !== 100) {
    problems.push({
      code: "percents-sum",
      severity: "error",
      at: document.atKey(["spec", "traffic"]),
      field: "spec.traffic",
      message: `the percents sum to ${sum}, and 100 are needed`,
      fix: sum < 100 ? `give ${100 - sum} more` : `remove ${sum - 100}`,
    });
  }
  return targets;

  function error(
    code: Code,
    i: number,
    field: string | undefined,
    message: string,
    more: Omit<ProblemText, "message">,
  ): void {
    const path = ["spec", "traffic", i, ...(field === undefined ? [] : [field])];
    problems.push(problemAt(code, document, path, { message, ...more }));
  }
}
