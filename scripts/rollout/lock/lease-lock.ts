import Type, { type Static } from "typebox";
import { Check } from "typebox/schema";
import { ApiError } from "../../cluster/kube/api-error.ts";
import type { Kube } from "../../cluster/kube/client.ts";
import type { KubeObject, ObjectRef } from "../../cluster/kube/kube-object.ts";
import type { Clock } from "../clock.ts";
import { type Held, type Holder, type Lock, LockTaken } from "./lock.ts";

const LeaseSpec = Type.Object({
  holderIdentity: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  leaseDurationSeconds: Type.Optional(Type.Integer()),
  acquireTime: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  renewTime: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  leaseTransitions: Type.Optional(Type.Integer()),
});
type LeaseSpec = Static<typeof LeaseSpec>;

/** Times of a lease, in milliseconds. */
export interface LeaseTimes {
  /** How long it is valid without being renewed. @default 15000 */
  durationMs?: number;
  /** @default 5000 */
  renewMs?: number;
}

const MANAGER = "kyc-rollout";
/** The number of retries of a failed renewal within one interval. */
const TRIES = 5;

/** The name of the Lease, and of the ConfigMap, of a service's rollouts. */
export function rolloutName(service: string): string {
  return `kyc-rollout-${service}`;
}

/**
 * The lock of a cluster: a Lease that is renewed while it is held. It is free if a waiting process has not seen a
 * renewal for its whole duration, so that clocks need not agree. (Kubernetes, Leases; as in its leader election)
 */
export class LeaseLock implements Lock {
  readonly #kube: Kube;
  readonly #ref: ObjectRef;
  readonly #service: string;
  readonly #clock: Clock;
  readonly #durationMs: number;
  readonly #renewMs: number;

  constructor(kube: Kube, namespace: string, service: string, clock: Clock, times: LeaseTimes = {}) {
    this.#kube = kube;
    this.#service = service;
    this.#clock = clock;
    this.#ref = {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      namespace,
      name: rolloutName(service),
    };
    this.#durationMs = times.durationMs ?? 15_000;
    this.#renewMs = times.renewMs ?? 5_000;
  }

  async acquire(who: string): Promise<Held> {
    const identity = `${who} ${crypto.randomUUID().slice(0, 8)}`;
    for (;;) {
      const found = await this.#kube.get(this.#ref);
      if (found !== undefined && !(await this.#isFree(found)))
        throw new LockTaken(this.#service, holderOf(found));
      try {
        return this.#keep(await this.#take(await this.#kube.get(this.#ref), identity), identity);
      } catch (error) {
        // Another process took the Lease first.
        if (!(error instanceof ApiError && error.code === 409)) throw error;
      }
    }
  }

  async holder(): Promise<Holder | undefined> {
    const last = await this.lastHolder();
    return last?.alive ? last : undefined;
  }

  async lastHolder(): Promise<Holder | undefined> {
    const found = await this.#kube.get(this.#ref);
    const holder = found && holderOf(found);
    return holder && { ...holder, alive: holder.seenMs + this.#durationMs > this.#clock.now() };
  }

  /** Whether the Lease is free: it was released, or was not renewed for its whole duration while it was watched. */
  async #isFree(found: KubeObject): Promise<boolean> {
    const { holderIdentity, renewTime, leaseDurationSeconds = this.#durationMs / 1000 } = specOf(found);
    if (!holderIdentity) return true;
    const until = this.#clock.now() + leaseDurationSeconds * 1000;
    while (this.#clock.now() < until) {
      await this.#clock.sleep(Math.min(1_000, this.#durationMs / 5));
      const again = await this.#kube.get(this.#ref);
      if (again === undefined || !specOf(again).holderIdentity) return true;
      if (specOf(again).renewTime !== renewTime) return false;
    }
    return true;
  }

  async #take(found: KubeObject | undefined, identity: string): Promise<KubeObject> {
    const now = this.#time();
    const before = found === undefined ? {} : specOf(found);
    const spec: LeaseSpec = {
      holderIdentity: identity,
      leaseDurationSeconds: Math.max(1, Math.round(this.#durationMs / 1000)),
      acquireTime: now,
      renewTime: now,
      leaseTransitions: (before.leaseTransitions ?? -1) + 1,
    };
    if (found !== undefined) return this.#kube.replace({ ...found, spec }, { fieldManager: MANAGER });
    const { name, namespace, apiVersion, kind } = this.#ref;
    const metadata = {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      labels: { "app.kubernetes.io/managed-by": "kyc" },
    };
    return this.#kube.create({ apiVersion, kind, metadata, spec }, { fieldManager: MANAGER });
  }

  /** Renews the Lease until it is released or lost: taken by another process, or not renewed in time. */
  #keep(taken: KubeObject, identity: string): Held {
    const lost = new AbortController();
    const over = new AbortController();
    const renewing = this.#renew(taken, identity, over.signal, lost);
    return {
      lost: lost.signal,
      release: async () => {
        over.abort();
        const last = await renewing;
        if (lost.signal.aborted) return;
        const spec = { ...specOf(last), holderIdentity: "" };
        await this.#kube.replace({ ...last, spec }, { fieldManager: MANAGER }).catch(() => undefined);
      },
    };
  }

  async #renew(
    taken: KubeObject,
    identity: string,
    over: AbortSignal,
    lost: AbortController,
  ): Promise<KubeObject> {
    let lease = taken;
    let renewedAt = this.#clock.now();
    let pauseMs = this.#renewMs;
    for (;;) {
      await this.#clock.sleep(pauseMs, over);
      if (over.aborted) return lease;
      const startedAt = this.#clock.now();
      const spec = { ...specOf(lease), renewTime: this.#time() };
      try {
        const signal = AbortSignal.timeout(this.#renewMs);
        lease = await this.#kube.replace({ ...lease, spec }, { fieldManager: MANAGER, signal });
        renewedAt = this.#clock.now();
        pauseMs = this.#renewMs;
      } catch {
        pauseMs = this.#renewMs / TRIES;
        const signal = AbortSignal.timeout(this.#renewMs);
        const found = await this.#kube.get(this.#ref, { signal }).catch(() => "unknown" as const);
        if (found === undefined || (found !== "unknown" && specOf(found).holderIdentity !== identity)) {
          lost.abort();
          return lease;
        }
        if (found !== "unknown") lease = found;
        // It was renewed, and only the response was lost.
        if (found !== "unknown" && specOf(found).renewTime === spec.renewTime) renewedAt = startedAt;
        // From here on another process may acquire the Lease.
        if (this.#clock.now() - renewedAt >= this.#durationMs - this.#renewMs) {
          lost.abort();
          return lease;
        }
      }
    }
  }

  /** Formats a time as in Leases, in microseconds. */
  #time(): string {
    return new Date(this.#clock.now()).toISOString().replace("Z", "000Z");
  }
}

function specOf({ spec }: KubeObject): LeaseSpec {
  return Check(LeaseSpec, spec) ? spec : {};
}

function holderOf(lease: KubeObject): Holder | undefined {
  const { holderIdentity, acquireTime, renewTime } = specOf(lease);
  if (!holderIdentity) return undefined;
  return {
    who: holderIdentity.replace(/ [0-9a-f]{8}$/, ""),
    sinceMs: acquireTime ? Date.parse(acquireTime) : 0,
    seenMs: renewTime ? Date.parse(renewTime) : 0,
    alive: true,
  };
}
