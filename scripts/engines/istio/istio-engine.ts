import { Check } from "typebox/schema";
import { SplitChanged, type SplitState } from "../../traffic/split/split.ts";
import { changeBetween } from "../../traffic/split/history.ts";
import { ApiError } from "../../cluster/kube/api-error.ts";
import { nameOf, refOf } from "../../cluster/kube/kube-object.ts";
import { UserError } from "../../cluster/user-error.ts";
import type { RecordedEngine } from "../engine.ts";
import {
  addressByGateway,
  type ClusterEngineOptions,
  rightsToWrite,
  versionOf,
} from "../on-cluster/cluster-engine.ts";
import { changedBy, managedFieldsOf } from "../on-cluster/managed-fields.ts";
import { istioInForce } from "./in-force.ts";
import { HistoryMap, SPLIT_MANAGER } from "../on-cluster/history-map.ts";
import { LiveVirtualService } from "../on-cluster/live-virtual-service.ts";
import { readRevisions } from "../on-cluster/revisions.ts";
import { READ_DEPLOYED, readDeployedRevisions } from "./deployed-revisions.ts";
import { findSplitRule, type SplitRule, splitRuleIn, withSplit } from "./split-rule.ts";

/**
 * The split by a VirtualService: the weights of its rule without a condition, or ranges of a header's buckets before
 * it. A destination is a revision of the service, or the host of one of its tags; for a Kubernetes Service, a subset
 * or a Service of a version. Tags belong to the Knative Service, and are not written here.
 * @throws UserError if no VirtualService has such a rule
 */
export async function istioEngine(options: ClusterEngineOptions): Promise<RecordedEngine> {
  const { kube, namespace, service, now = Date.now } = options;
  const history = new HistoryMap(kube, namespace, service, "istio");
  let rule = await live();

  async function live(): Promise<SplitRule> {
    const found = await findSplitRule(kube, namespace, service);
    if (found !== undefined) return found;
    throw new UserError(noWeights(namespace, service));
  }

  async function stateOf({ object, targets, buckets }: SplitRule): Promise<SplitState> {
    const last = (await history.read()).at(-1);
    return {
      targets,
      header: buckets?.header,
      version: versionOf(object),
      changed: changedBy(managedFieldsOf(object), ["spec", "http"], last, targets),
    };
  }

  return {
    name: "istio",
    location: "cluster",
    service,
    get place() {
      return nameOf(refOf(rule.object));
    },
    async read() {
      rule = await live();
      return stateOf(rule);
    },
    get splitsDeployments() {
      return rule.service.revisionsAre !== undefined;
    },
    changes: () => history.read(),
    runs: async () => true,
    async write(targets, version, by, undo = false, form) {
      for (;;) {
        rule = await live();
        const { object } = rule;
        if (versionOf(object) !== version) throw await overtaken(rule);
        const before = await stateOf(rule);
        const http = withSplit(rule, targets, form ?? { header: before.header });
        const changed = { ...object, spec: { ...object.spec, http } };
        try {
          const after: unknown = await kube.replace(changed, { fieldManager: SPLIT_MANAGER });
          if (!Check(LiveVirtualService, after))
            throw new Error(`${nameOf(refOf(object))} is not a VirtualService any more`);
          const is = splitRuleIn(after, rule.service);
          if (is === undefined) throw new Error(`${nameOf(refOf(object))} does not split any more`);
          const state = {
            targets: is.targets,
            header: is.buckets?.header,
            version: versionOf(after),
            changed: { by, atMs: now() },
          };
          await history.append(changeBetween(before, state, { atMs: now(), by, undo }));
          return state;
        } catch (error) {
          if (!(error instanceof ApiError && error.code === 409)) throw error;
        }
      }
    },
    inForce: (signal) => istioInForce({ kube, namespace, service, signal }),
    revisions: () =>
      rule.service.revisionsAre === undefined
        ? readRevisions(kube, namespace, service)
        : readDeployedRevisions(kube, rule.service),
    // The pods of Deployments run already, so a rollout need not start any by a first request.
    ...(rule.service.revisionsAre === undefined
      ? { addressOf: (tag: string) => addressByGateway(options, tag) }
      : {}),
    get rights() {
      const rights = rightsToWrite(service, {
        apiGroups: ["networking.istio.io"],
        resources: ["virtualservices"],
        resourceNames: [rule.object.metadata.name],
        verbs: ["update", "patch"],
      });
      return rule.service.revisionsAre === undefined
        ? rights
        : { ...rights, own: [...rights.own, ...READ_DEPLOYED] };
    },
    async live() {
      return (await live()).targets;
    },
  };

  async function overtaken(found: SplitRule): Promise<SplitChanged> {
    const state = await stateOf(found);
    const who = state.changed?.by ?? "Someone";
    return new SplitChanged(
      `${who} changed ${nameOf(refOf(found.object))} in the meantime, so nothing was written.`,
      state,
    );
  }
}

/** Why no VirtualService carries a split. */
export function noWeights(namespace: string, service: string): string {
  return `No VirtualService in ${namespace} has weights for the revisions of ${service}, or for its subsets or Services, so the split is Knative's; ./kyc deploy --istio istio/split/by-istio moves it to Istio.`;
}
