import { needsTagForPreview } from "../../traffic/split/preview-rule.ts";
import { Check } from "typebox/schema";
import { CannotWrite, SplitChanged, type SplitForm, type SplitState } from "../../traffic/split/split.ts";
import type { RecordedEngine } from "../engine.ts";
import { asSplit, asTraffic, withDefaults } from "../../traffic/kn/target.ts";
import type { Kube } from "../../cluster/kube/client.ts";
import { ApiError } from "../../cluster/kube/api-error.ts";
import { KNATIVE_SERVICE, LiveService } from "../../cluster/workload/live-objects.ts";
import { UserError } from "../../cluster/user-error.ts";
import {
  addressByGateway,
  type ClusterEngineOptions,
  rightsToWrite,
  versionOf,
} from "../on-cluster/cluster-engine.ts";
import { knativeInForce } from "./in-force.ts";
import { HistoryMap, SPLIT_MANAGER } from "../on-cluster/history-map.ts";
import { changedBy, managedFieldsOf } from "../on-cluster/managed-fields.ts";
import { readRevisions } from "../on-cluster/revisions.ts";

/** The split by a Knative Service's traffic percentages. */
export function knativeEngine(options: ClusterEngineOptions): RecordedEngine {
  const { kube, namespace, service, now = Date.now } = options;
  const history = new HistoryMap(kube, namespace, service, "knative");
  const ref = { ...KNATIVE_SERVICE, namespace, name: service };

  async function live(): Promise<LiveService> {
    const object: unknown = await kube.get(ref);
    if (!Check(LiveService, object)) throw new UserError(noService(namespace, service));
    return object;
  }

  async function stateOf(object: LiveService): Promise<SplitState> {
    const latest = object.status?.latestReadyRevisionName ?? "";
    const targets = asSplit(withDefaults(object.spec.traffic), latest);
    const last = (await history.read()).at(-1);
    return {
      targets,
      version: versionOf(object),
      changed: changedBy(managedFieldsOf(object), ["spec", "traffic"], last, targets),
    };
  }

  /** Knative's routes match no headers of users. */
  function formRefusal({ header }: SplitForm): string | undefined {
    if (header === undefined) return undefined;
    return `Knative splits requests at random and cannot use a header, so ${service} cannot be split by one: ./kyc deploy --istio istio/split/by-istio moves the split to Istio.`;
  }

  function previewRefusal(): string {
    return needsTagForPreview(
      service,
      "./kyc deploy --istio istio/split/by-istio moves the split to Istio, which can.",
    );
  }

  return {
    name: "knative",
    location: "cluster",
    service,
    place: `Service ${namespace}/${service}`,
    read: async () => stateOf(await live()),
    changes: () => history.read(),
    runs: async () => true,
    formRefusal: async (form) => formRefusal(form),
    previewRefusal: async () => previewRefusal(),
    async write(targets, version, by, undo = false, form) {
      const unkept = form && formRefusal(form);
      if (unkept !== undefined) throw new CannotWrite(unkept);
      if (targets.some(({ preview }) => preview !== undefined)) throw new CannotWrite(previewRefusal());
      const finer = targets.find(({ percent }) => !Number.isInteger(percent));
      if (finer !== undefined)
        throw new CannotWrite(`Knative's percents are whole numbers, and ${finer.percent} is not.`);
      for (;;) {
        const before = await live();
        if (versionOf(before) !== version) throw await overtaken(before);
        const { resourceVersion } = before.metadata;
        const patch = { metadata: { resourceVersion }, spec: { traffic: asTraffic(targets) } };
        try {
          const after: unknown = await kube.patch(ref, patch, { fieldManager: SPLIT_MANAGER });
          if (!Check(LiveService, after)) throw new Error(`${service} is not a Knative Service any more`);
          const latest = before.status?.latestReadyRevisionName ?? "";
          const was = asSplit(withDefaults(before.spec.traffic), latest);
          const is = asSplit(withDefaults(after.spec.traffic), latest);
          await history.append({ atMs: now(), by, before: was, after: is, undo });
          return { targets: is, version: versionOf(after), changed: { by, atMs: now() } };
        } catch (error) {
          // Perhaps only the status changed; if the split did, the next attempt finds another version.
          if (!(error instanceof ApiError && error.code === 409)) throw error;
        }
      }
    },
    inForce: (signal) => knativeInForce({ kube, namespace, service, signal }),
    async status() {
      const { status } = await live();
      if (status?.traffic === undefined) return undefined;
      return { traffic: withDefaults(status.traffic), latest: status.latestReadyRevisionName };
    },
    revisions: () => readRevisions(kube, namespace, service),
    addressOf: (tag) => addressByGateway(options, tag),
    rights: rightsToWrite(service, {
      apiGroups: ["serving.knative.dev"],
      resources: ["services"],
      resourceNames: [service],
      verbs: ["patch"],
    }),
    async live() {
      return (await stateOf(await live())).targets;
    },
  };

  async function overtaken(object: LiveService): Promise<SplitChanged> {
    const now = await stateOf(object);
    const who = now.changed?.by ?? "Someone";
    return new SplitChanged(
      `${who} changed Service ${namespace}/${service} in the meantime, so nothing was written.`,
      now,
    );
  }
}

/** Whether a namespace has a Knative Service. */
export async function isThere(kube: Kube, namespace: string, service: string): Promise<boolean> {
  return (await kube.get({ ...KNATIVE_SERVICE, namespace, name: service })) !== undefined;
}

/** Why Knative does not carry a split. */
export function noService(namespace: string, service: string): string {
  return `There is no Knative Service ${namespace}/${service}: run ./kyc deploy.`;
}
