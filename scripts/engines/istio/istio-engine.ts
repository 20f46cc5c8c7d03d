import { Check } from "typebox/schema";
import { CannotWrite, SplitChanged, type SplitState, type SplitTarget } from "../../traffic/split/split.ts";
import { destinationLike, destinationOf, percentsOf, weightsFor } from "../../traffic/split/weights.ts";
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
import { type LiveDestination, LiveVirtualService } from "../on-cluster/live-virtual-service.ts";
import { readRevisions } from "../on-cluster/revisions.ts";
import { findWeightedRule, type WeightedRule } from "./weighted-rule.ts";

/**
 * The split by the weights of a VirtualService: those of its rule without a condition. A destination is a revision of
 * the service, or the host of one of its tags. Tags belong to the Knative Service, and are not written here.
 * @throws UserError when no VirtualService has such a rule
 */
export async function istioEngine(options: ClusterEngineOptions): Promise<RecordedEngine> {
  const { kube, namespace, service, now = Date.now } = options;
  const history = new HistoryMap(kube, namespace, service, "istio");
  let rule = await live();

  async function live(): Promise<WeightedRule> {
    const found = await findWeightedRule(kube, namespace, service);
    if (found !== undefined) return found;
    throw new UserError(noWeights(namespace, service));
  }

  async function stateOf({ object, routes, service: of }: WeightedRule): Promise<SplitState> {
    const targets = targetsOf(routes, of);
    const last = (await history.read()).at(-1);
    return {
      targets,
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
    changes: () => history.read(),
    runs: async () => true,
    async write(targets, version, by, undo = false) {
      for (;;) {
        rule = await live();
        const { object, index } = rule;
        if (versionOf(object) !== version) throw await overtaken(rule);
        const before = targetsOf(rule.routes, rule.service);
        const route = withWeights(rule, before, targets);
        const http = (object.spec.http ?? []).map((each, i) => (i === index ? { ...each, route } : each));
        const changed = { ...object, spec: { ...object.spec, http } };
        try {
          const after: unknown = await kube.replace(changed, { fieldManager: SPLIT_MANAGER });
          if (!Check(LiveVirtualService, after))
            throw new Error(`${nameOf(refOf(object))} is not a VirtualService any more`);
          const is = targetsOf(after.spec.http?.[index]?.route ?? [], rule.service);
          await history.append({ atMs: now(), by, before, after: is, undo });
          return { targets: is, version: versionOf(after), changed: { by, atMs: now() } };
        } catch (error) {
          if (!(error instanceof ApiError && error.code === 409)) throw error;
        }
      }
    },
    inForce: (signal) => istioInForce({ kube, namespace, service, signal }),
    revisions: () => readRevisions(kube, namespace, service),
    addressOf: (tag) => addressByGateway(options, tag),
    get rights() {
      return rightsToWrite(service, {
        apiGroups: ["networking.istio.io"],
        resources: ["virtualservices"],
        resourceNames: [rule.object.metadata.name],
        verbs: ["update", "patch"],
      });
    },
    async live() {
      const found = await live();
      return targetsOf(found.routes, found.service);
    },
  };

  async function overtaken(found: WeightedRule): Promise<SplitChanged> {
    const state = await stateOf(found);
    const who = state.changed?.by ?? "Someone";
    return new SplitChanged(
      `${who} changed ${nameOf(refOf(found.object))} meanwhile, so nothing was written.`,
      state,
    );
  }
}

/** Destinations with their percents, then the tags that have no destination yet. */
function targetsOf(routes: readonly LiveDestination[], service: WeightedRule["service"]): SplitTarget[] {
  const percents = percentsOf(routes.map(({ weight = 0 }) => weight));
  const listed = routes.map((route, i): SplitTarget => {
    const { revision = "", tag } = destinationOf(route, service) ?? {};
    return { revision, tag, percent: percents[i] ?? 0, latest: false };
  });
  const others = [...service.tags].filter(
    ([, revision]) => !listed.some((each) => each.revision === revision),
  );
  return [...listed, ...others.map(([tag, revision]) => ({ revision, tag, percent: 0, latest: false }))];
}

function withWeights(
  { routes, service }: WeightedRule,
  before: readonly SplitTarget[],
  wanted: readonly SplitTarget[],
): LiveDestination[] {
  const other = wanted.find(({ tag, revision }) => tag !== undefined && service.tags.get(tag) !== revision);
  if (other !== undefined)
    throw new CannotWrite(
      `A VirtualService decides this split, and tags are the Knative Service's: ./kyc split ${service.name} --engine knative --tag ${other.revision}=${other.tag}`,
    );
  const { weights, more } = weightsFor(before.slice(0, routes.length), wanted);
  return weights.map((weight, i) => {
    const old = routes[i];
    if (old !== undefined) return { ...old, weight };
    const target = more[i - routes.length] as SplitTarget;
    const [example, exampleTarget] = [routes[0], before[0]];
    const made = example && exampleTarget && destinationLike(example, exampleTarget, target, service.name);
    if (made !== undefined) return { ...made, weight };
    throw new CannotWrite(
      `This VirtualService goes by tags, and ${target.revision} has none: ./kyc split ${service.name} --engine knative --tag ${target.revision}=TAG`,
    );
  });
}

/** Why no VirtualService carries a split. */
export function noWeights(namespace: string, service: string): string {
  return `No VirtualService in ${namespace} has weights for the revisions of ${service}, so Knative decides; ./kyc deploy --istio istio/split/by-istio hands it to Istio.`;
}
