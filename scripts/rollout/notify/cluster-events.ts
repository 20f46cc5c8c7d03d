import { ApiError } from "../../cluster/kube/api-error.ts";
import type { Kube } from "../../cluster/kube/client.ts";
import type { Entry } from "../journal/journal.ts";
import type { Plan } from "../plan/plan.ts";
import { kubernetesEventOf } from "./notice.ts";
import { messageOf } from "../../text/message-of.ts";

const FIELD_MANAGER = "kyc-rollout";

/** Writes the transitions of a rollout as Kubernetes Events on the Knative Service without delaying it. */
export class ClusterEvents {
  readonly #kube: Pick<Kube, "get" | "create">;
  readonly #plan: Plan;
  readonly #namespace: string;
  #uid: Promise<string | undefined> | undefined;
  #queue: Promise<void> = Promise.resolve();
  /** Why an event could not be written, the latest such failure; undefined if all were. */
  failure: string | undefined;

  constructor(kube: Pick<Kube, "get" | "create">, plan: Plan, namespace: string) {
    this.#kube = kube;
    this.#plan = plan;
    this.#namespace = namespace;
  }

  write(entry: Entry): void {
    this.#queue = this.#queue
      .then(() => this.#create(entry))
      .catch((error: unknown) => {
        // A process that continues after a crash finds its last event there.
        if (!(error instanceof ApiError && error.code === 409)) this.failure = messageOf(error);
      });
  }

  /** Waits for pending events, for a limited time. */
  async end(withinMs: number): Promise<void> {
    await Promise.race([this.#queue, Bun.sleep(withinMs)]);
  }

  async #create(entry: Entry): Promise<void> {
    this.#uid ??= this.#uidOfService();
    const uid = await this.#uid;
    const event = kubernetesEventOf(this.#plan, entry, { namespace: this.#namespace, uid });
    if (event !== undefined) await this.#kube.create(event, { fieldManager: FIELD_MANAGER });
  }

  async #uidOfService(): Promise<string | undefined> {
    const ref = {
      apiVersion: "serving.knative.dev/v1",
      kind: "Service",
      name: this.#plan.service,
      namespace: this.#namespace,
    };
    return (await this.#kube.get(ref).catch(() => undefined))?.metadata.uid;
  }
}
