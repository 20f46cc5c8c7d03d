import { ApiError } from "../../cluster/kube/api-error.ts";
import type { Kube } from "../../cluster/kube/client.ts";
import { type ConfigMap, configMap, readConfigMap } from "../../cluster/kube/config-map.ts";
import type { AuditStore } from "../audit/audit-log.ts";
import { rolloutName } from "../lock/lease-lock.ts";
import { LostLock } from "../lock/lock.ts";
import type { Plan } from "../plan/plan.ts";
import {
  type Entry,
  type Journal,
  parseJournal,
  parseRequests,
  type Request,
  type Saved,
} from "./journal.ts";

const MANAGER = "kyc-rollout";

/**
 * The journal in a ConfigMap of the service's namespace. A transition is written only if the ConfigMap is in the
 * state that was read: of two processes that believe they hold the lock only one can continue.
 */
export class ConfigMapJournal implements Journal {
  readonly place: string;
  readonly #kube: Kube;
  readonly #ref: ReturnType<typeof configMap>;
  #journal: string | undefined;

  constructor(kube: Kube, namespace: string, service: string) {
    this.#kube = kube;
    this.#ref = configMap(namespace, rolloutName(service));
    this.place = `ConfigMap ${namespace}/${rolloutName(service)}`;
  }

  async load(): Promise<Saved | undefined> {
    const data = (await this.#read())?.data;
    this.#journal = data?.["journal"];
    const parsed = this.#journal === undefined ? undefined : parseJournal(this.#journal, this.place);
    return parsed && { ...parsed, checkpoint: asJson(data?.["checkpoint"]) };
  }

  async begin(plan: Plan, first: Entry): Promise<void> {
    const journal = `${JSON.stringify(plan)}\n${JSON.stringify(first)}\n`;
    const found = await this.#read();
    if (found === undefined) await this.prepare();
    await this.#patch({ journal, checkpoint: null, requests: null, audit: null });
    this.#journal = journal;
  }

  /** Creates the ConfigMap, empty, if it does not exist: the Job in the cluster has no right to create one. */
  async prepare(): Promise<void> {
    if ((await this.#read()) !== undefined) return;
    const { apiVersion, kind, name, namespace } = this.#ref;
    const metadata = {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      labels: { "app.kubernetes.io/managed-by": "kyc" },
    };
    await this.#kube.create({ apiVersion, kind, metadata }, { fieldManager: MANAGER });
  }

  async append(entry: Entry): Promise<void> {
    const before = this.#journal;
    if (before === undefined) throw new Error("a journal is loaded or begun before it is written to");
    const journal = `${before}${JSON.stringify(entry)}\n`;
    await this.#edit((data) => {
      // An earlier attempt may have succeeded although its response was lost.
      if (data["journal"] === journal) return undefined;
      if (data["journal"] !== before) throw new LostLock(`${this.place} was written by another process.`);
      return { journal };
    });
    this.#journal = journal;
  }

  async checkpoint(value: unknown): Promise<void> {
    await this.#patch({ checkpoint: JSON.stringify(value) });
  }

  async requests(): Promise<Request[]> {
    return parseRequests((await this.#read())?.data?.["requests"] ?? "", this.place);
  }

  async ask(request: Request): Promise<void> {
    await this.#edit((data) => ({ requests: `${data["requests"] ?? ""}${JSON.stringify(request)}\n` }));
  }

  /** The audit log of this rollout, in the same ConfigMap. */
  get audit(): AuditStore {
    return {
      lines: async () => ((await this.#read())?.data?.["audit"] ?? "").split("\n").slice(0, -1),
      add: (line) => this.#edit((data) => ({ audit: `${data["audit"] ?? ""}${line}\n` })),
    };
  }

  #read(): Promise<ConfigMap | undefined> {
    return readConfigMap(this.#kube, this.#ref);
  }

  /** Updates fields from their current values, and retries if another writer changed the ConfigMap in the meantime. */
  async #edit(change: (data: Record<string, string>) => Record<string, string> | undefined): Promise<void> {
    for (;;) {
      const found = await this.#read();
      if (found === undefined) throw new LostLock(`${this.place} is gone.`);
      const data = change(found.data ?? {});
      if (data === undefined) return;
      try {
        return await this.#patch(data, found.metadata.resourceVersion);
      } catch (error) {
        if (!(error instanceof ApiError && error.code === 409)) throw error;
      }
    }
  }

  async #patch(data: Record<string, string | null>, resourceVersion?: string): Promise<void> {
    const metadata = resourceVersion === undefined ? {} : { metadata: { resourceVersion } };
    await this.#kube.patch(this.#ref, { ...metadata, data }, { fieldManager: MANAGER });
  }
}

function asJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
