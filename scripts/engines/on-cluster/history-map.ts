import Type from "typebox";
import { Check } from "typebox/schema";
import type { SplitChange } from "../../traffic/split/split.ts";
import { readHistory, withChange, writeHistory } from "../../traffic/split/history.ts";
import { ApiError } from "../../cluster/kube/api-error.ts";
import type { Kube } from "../../cluster/kube/client.ts";
import { KubeObject } from "../../cluster/kube/kube-object.ts";
import { MANAGED_BY, MANAGER } from "../../cluster/ownership.ts";
import { KNATIVE_SERVICE } from "../../cluster/workload/live-objects.ts";

const History = Type.Intersect([
  KubeObject,
  Type.Object({ data: Type.Optional(Type.Record(Type.String(), Type.String())) }),
]);

/** The field manager of this tool's changes of a split. */
export const SPLIT_MANAGER = "kyc-split";

/** The ConfigMap that holds the history of a service's split. */
export function historyName(service: string): string {
  return `kyc-split-${service}`;
}

/**
 * The history of a service's split on a cluster: a ConfigMap in the service's namespace, with one entry for each
 * engine.
 */
export class HistoryMap {
  readonly #kube: Kube;
  readonly #ref: { apiVersion: string; kind: string; namespace: string; name: string };
  readonly #service: { apiVersion: string; kind: string; namespace: string; name: string };
  readonly #key: string;

  constructor(kube: Kube, namespace: string, service: string, engine: string) {
    this.#kube = kube;
    this.#ref = { apiVersion: "v1", kind: "ConfigMap", namespace, name: historyName(service) };
    this.#service = { ...KNATIVE_SERVICE, namespace, name: service };
    this.#key = `${engine}.json`;
  }

  async read(): Promise<SplitChange[]> {
    const found: unknown = await this.#kube.get(this.#ref);
    return readHistory(Check(History, found) ? found.data?.[this.#key] : undefined);
  }

  /** Appends a change, even if another process appends one at the same time. */
  async append(change: SplitChange): Promise<void> {
    for (;;) {
      try {
        return await this.#append(change);
      } catch (error) {
        if (!(error instanceof ApiError && error.code === 409)) throw error;
      }
    }
  }

  async #append(change: SplitChange): Promise<void> {
    const options = { fieldManager: SPLIT_MANAGER };
    const found: unknown = await this.#kube.get(this.#ref);
    if (!Check(History, found)) {
      await this.#kube.create(await this.#made(change), options);
      return;
    }
    const text = writeHistory(withChange(readHistory(found.data?.[this.#key]), change));
    await this.#kube.replace({ ...found, data: { ...found.data, [this.#key]: text } } as KubeObject, options);
  }

  /** Makes the Knative Service the owner, so that the map is deleted with the service. */
  async #made(change: SplitChange): Promise<KubeObject & { data: Record<string, string> }> {
    const { apiVersion, kind, namespace, name } = this.#ref;
    const { uid } = (await this.#kube.get(this.#service))?.metadata ?? {};
    const owner = {
      apiVersion: this.#service.apiVersion,
      kind: this.#service.kind,
      name: this.#service.name,
      uid,
    };
    const labels = { [MANAGED_BY]: MANAGER };
    const metadata = { namespace, name, labels, ...(uid === undefined ? {} : { ownerReferences: [owner] }) };
    return { apiVersion, kind, metadata, data: { [this.#key]: writeHistory([change]) } };
  }
}
