import Type from "typebox";
import { Check } from "typebox/schema";
import type { EngineName, SplitChange } from "../../traffic/engine.ts";
import { readHistory, withChange, writeHistory } from "../../traffic/split-history.ts";
import { ApiError } from "../kube/api-error.ts";
import type { Kube } from "../kube/client.ts";
import { KubeObject } from "../kube/objects.ts";
import { MANAGED_BY, MANAGER } from "../ours.ts";

const History = Type.Intersect([
  KubeObject,
  Type.Object({ data: Type.Optional(Type.Record(Type.String(), Type.String())) }),
]);

/** Who writes splits, to the API server. */
export const SPLIT_MANAGER = "kyc-split";

/** The history of a service's split on a cluster: a ConfigMap beside the service, with an entry an engine. */
export class HistoryMap {
  readonly #kube: Kube;
  readonly #ref: { apiVersion: string; kind: string; namespace: string; name: string };
  readonly #key: string;

  constructor(kube: Kube, namespace: string, service: string, engine: EngineName) {
    this.#kube = kube;
    this.#ref = { apiVersion: "v1", kind: "ConfigMap", namespace, name: `kyc-split-${service}` };
    this.#key = `${engine}.json`;
  }

  async read(): Promise<SplitChange[]> {
    const found: unknown = await this.#kube.get(this.#ref);
    return readHistory(Check(History, found) ? found.data?.[this.#key] : undefined);
  }

  /** Adds a change, also when somebody else adds another at the same time. */
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
      const { apiVersion, kind, namespace, name } = this.#ref;
      const labels = { [MANAGED_BY]: MANAGER };
      const data = { [this.#key]: writeHistory([change]) };
      const made = { apiVersion, kind, metadata: { namespace, name, labels }, data };
      await this.#kube.create(made, options);
      return;
    }
    const text = writeHistory(withChange(readHistory(found.data?.[this.#key]), change));
    await this.#kube.replace({ ...found, data: { ...found.data, [this.#key]: text } } as KubeObject, options);
  }
}
