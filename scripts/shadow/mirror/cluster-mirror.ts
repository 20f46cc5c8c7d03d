import { Check } from "typebox/schema";
import Type from "typebox";
import { ApiError } from "../../cluster/kube/api-error.ts";
import type { Kube } from "../../cluster/kube/client.ts";
import { KubeObject, nameOf, refOf } from "../../cluster/kube/kube-object.ts";
import { UserError } from "../../cluster/user-error.ts";
import { checked } from "../../cluster/workload/follow.ts";
import {
  INGRESS_LABEL,
  KNATIVE_SERVICE,
  LiveRevision,
  LiveService,
  REVISION,
  SERVICE_LABEL,
} from "../../cluster/workload/live-objects.ts";
import type { RevisionAddress } from "../../engines/engine.ts";
import { addressByGateway } from "../../engines/on-cluster/cluster-engine.ts";
import { LiveVirtualService, VIRTUAL_SERVICE } from "../../engines/on-cluster/live-virtual-service.ts";
import {
  givenBack,
  ManagedFields,
  managedFieldsOf,
  ownersOf,
} from "../../engines/on-cluster/managed-fields.ts";
import { readRevisions } from "../../engines/on-cluster/revisions.ts";
import { withDefaults } from "../../traffic/kn/target.ts";
import type { WeightedService } from "../../traffic/split/weights.ts";
import { type Mirror, type MirrorRun, revisionOfRun, RUN_TAG } from "./mirror.ts";
import {
  isMirrored,
  mirrorFields,
  type MirroringRule,
  refuseOtherMirrors,
  splittingRules,
} from "./mirror-rules.ts";
import type { ShadowFile } from "./shadow-file.ts";

export interface ClusterMirrorOptions {
  kube: Kube;
  namespace: string;
  service: string;
  shadow: ShadowFile;
  /** The image of the shadow service, as the nodes know it. */
  image(): Promise<string>;
}

const SHADOW_MANAGER = "kyc-shadow";
const HTTP = ["spec", "http"];
/** On the shadow service: the managers of the mirrored rules, which get them back at the end. */
const OWNERS = "kyc-shadow/owners";
const ASK_AGAIN_MS = 500;
const READY_WITHIN_MS = 120_000;
const ASK_WITHIN_MS = 5_000;
const SERVICE_ACCOUNT = { apiVersion: "v1", kind: "ServiceAccount" } as const;

/** A VirtualService whose rules are mirrored: mirrors in addition to the fields that an engine needs. */
const MirroredVirtualService = Type.Intersect([
  LiveVirtualService,
  Type.Object({
    spec: Type.Object({
      http: Type.Optional(
        Type.Array(
          Type.Object({
            mirror: Type.Optional(Type.Object({ host: Type.String() })),
            mirrors: Type.Optional(Type.Array(Type.Unknown())),
          }),
        ),
      ),
    }),
  }),
]);
type MirroredVirtualService = Type.Static<typeof MirroredVirtualService>;

/** The mirror of a cluster: fields of a VirtualService's rules, and the Knative Service that they name. */
export async function clusterMirror(options: ClusterMirrorOptions): Promise<Mirror> {
  const { kube, namespace, service, shadow, image } = options;
  const shadowRef = { ...KNATIVE_SERVICE, namespace, name: shadow.name };
  let address: RevisionAddress | undefined;
  let { object } = await found();

  async function virtualServices(): Promise<MirroredVirtualService[]> {
    const { items } = await kube.list(VIRTUAL_SERVICE, { namespace });
    return checked(MirroredVirtualService, items).filter(
      ({ metadata }) => metadata.labels?.[INGRESS_LABEL] === undefined,
    );
  }

  async function found(): Promise<{ object: MirroredVirtualService; rules: number[] }> {
    const [weighted, objects] = await Promise.all([
      weightedService(kube, namespace, service),
      virtualServices(),
    ]);
    for (const each of objects) {
      const rules = splittingRules(each.spec.http ?? [], weighted);
      if (rules.length > 0) return { object: each, rules };
    }
    throw new UserError(
      `No VirtualService in ${namespace} leads to ${service}, so nothing can mirror its requests; ./kyc deploy --istio istio/split/by-istio makes one.`,
    );
  }

  /** Changes rules of VirtualServices, and retries if another writer was faster. */
  async function write(change: () => Promise<MirroredVirtualService[]>): Promise<KubeObject[]> {
    for (;;) {
      try {
        const written: KubeObject[] = [];
        for (const changed of await change())
          written.push(await kube.replace(changed, { fieldManager: SHADOW_MANAGER }));
        return written;
      } catch (error) {
        if (!(error instanceof ApiError && error.code === 409)) throw error;
      }
    }
  }

  async function addMirror(run: MirrorRun): Promise<void> {
    const fields = mirrorFields(revisionOfRun(shadow.name, run), namespace, run.percent);
    await write(async () => {
      const now = await found();
      object = now.object;
      const http: readonly MirroringRule[] = object.spec.http ?? [];
      refuseOtherMirrors(http, now.rules, nameOf(refOf(object)));
      const rules = (object.spec.http ?? []).map((rule, i) =>
        now.rules.includes(i) ? { ...rule, ...fields } : rule,
      );
      return [{ ...object, spec: { ...object.spec, http: rules } }];
    });
  }

  /** Returns the managers of the rules before the mirror; none if the shadow service does not know them. */
  async function ownersBefore(): Promise<ManagedFields> {
    const written = (await kube.get(shadowRef))?.metadata.annotations?.[OWNERS];
    if (written === undefined) return [];
    const owners: unknown = JSON.parse(written);
    return Check(ManagedFields, owners) ? owners : [];
  }

  /** Returns rules to their managers, whose next apply would otherwise conflict. */
  async function giveBack(object: KubeObject, owners: ManagedFields): Promise<void> {
    const managedFields = givenBack(managedFieldsOf(object), HTTP, SHADOW_MANAGER, owners);
    const metadata = { ...object.metadata, managedFields };
    await kube.replace({ ...object, metadata }, { fieldManager: SHADOW_MANAGER }).catch((error: unknown) => {
      // Another writer owns its own changes already.
      if (!(error instanceof ApiError && error.code === 409)) throw error;
    });
  }

  async function untilReady(revision: string, signal: AbortSignal): Promise<void> {
    const end = performance.now() + READY_WITHIN_MS;
    let last = "Knative has not made it yet";
    for (;;) {
      const state = (await readRevisions(kube, namespace, shadow.name)).find(({ name }) => name === revision);
      if (state?.ready === true) return;
      last = state?.reason ?? last;
      if (performance.now() > end)
        throw new UserError(`${revision} is not ready after ${READY_WITHIN_MS / 1000} s: ${last}`);
      await Bun.sleep(ASK_AGAIN_MS);
      signal.throwIfAborted();
    }
  }

  return {
    get place() {
      return nameOf(refOf(object));
    },
    async start(run, signal) {
      const owners = otherOwners(object);
      for (const each of shadow.objectsFor(run, await image())) {
        if (!Check(KubeObject, each))
          throw new UserError(`${shadow.path} holds something that is no object.`);
        const annotations = { ...each.metadata.annotations, [OWNERS]: JSON.stringify(owners) };
        const metadata = { ...each.metadata, annotations, namespace };
        await kube.apply({ ...each, metadata }, { fieldManager: SHADOW_MANAGER, force: true });
      }
      await untilReady(revisionOfRun(shadow.name, run), signal);
      await addMirror(run);
    },
    async stop() {
      address?.[Symbol.dispose]();
      address = undefined;
      const before = await ownersBefore();
      const latest = new Map<string, ManagedFields>();
      const written = await write(async () =>
        (await virtualServices()).flatMap((each) => {
          const http = each.spec.http ?? [];
          if (!http.some((rule) => isMirrored(rule, shadow.name))) return [];
          latest.set(each.metadata.name, otherOwners(each));
          const rules = http.map((rule) => (isMirrored(rule, shadow.name) ? withoutMirror(rule) : rule));
          return [{ ...each, spec: { ...each.spec, http: rules } }];
        }),
      );
      for (const each of written) {
        const owners = latest.get(each.metadata.name) ?? [];
        await giveBack(each, owners.length > 0 ? owners : before);
      }
      await kube.delete(shadowRef);
      await kube.delete({ ...SERVICE_ACCOUNT, namespace, name: shadow.name });
    },
    async isThere() {
      if ((await kube.get(shadowRef)) !== undefined) return true;
      return (await virtualServices()).some(({ spec }) =>
        spec.http?.some((rule) => isMirrored(rule, shadow.name)),
      );
    },
    async ask(path, signal) {
      try {
        address ??= await addressByGateway({ kube, namespace, service: shadow.name }, RUN_TAG);
        const response = await fetch(`${address.url}${path}`, {
          headers: { host: address.host },
          signal: AbortSignal.any([signal, AbortSignal.timeout(ASK_WITHIN_MS)]),
        });
        if (response.ok) return await response.json();
      } catch {
        // The gateway's pod may have been deleted: the next request opens another connection.
        address?.[Symbol.dispose]();
        address = undefined;
      }
      return undefined;
    },
  };
}

function otherOwners(object: KubeObject): ManagedFields {
  return ownersOf(managedFieldsOf(object), HTTP).filter(({ manager }) => manager !== SHADOW_MANAGER);
}

function withoutMirror<T extends object>(rule: T): T {
  const kept = Object.entries(rule).filter(([name]) => name !== "mirror" && name !== "mirrorPercentage");
  return Object.fromEntries(kept) as T;
}

async function weightedService(kube: Kube, namespace: string, name: string): Promise<WeightedService> {
  const [service, revisions] = await Promise.all([
    kube.get({ ...KNATIVE_SERVICE, namespace, name }),
    kube.list(REVISION, { namespace, labelSelector: `${SERVICE_LABEL}=${name}` }),
  ]);
  const live: unknown = service;
  const known = Check(LiveService, live) ? live : undefined;
  if (known === undefined) throw new UserError(`There is no Knative Service ${name} in ${namespace}.`);
  const latest = known.status?.latestReadyRevisionName;
  const tags = withDefaults(known.spec.traffic).flatMap(({ tag, revisionName = latest }) =>
    tag === undefined || revisionName === undefined ? [] : [[tag, revisionName] as const],
  );
  const names = checked(LiveRevision, revisions.items).map(({ metadata }) => metadata.name);
  return { name, namespace, revisions: names, tags: new Map(tags) };
}
