/** The process that carries a rollout out, or did. Times are milliseconds since the epoch. */
export interface Holder {
  /** The identity that started it, such as `ann@host`. */
  who: string;
  sinceMs: number;
  /** The time of its last heartbeat. */
  seenMs: number;
  /** Whether it holds the lock now. */
  alive: boolean;
}

/** A lock that is held. */
export interface Held {
  /** Aborted when the lock is lost without being released; nothing may be written from then on. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/** One rollout at a time for each service. */
export interface Lock {
  /** @throws LockTaken */
  acquire(who: string): Promise<Held>;
  /** The process that holds it now. */
  holder(): Promise<Holder | undefined>;
  /** The holder, or the last process that ended without releasing the lock. */
  lastHolder(): Promise<Holder | undefined>;
}

/** Another process is rolling the service out. */
export class LockTaken extends Error {
  override readonly name = "LockTaken";
  readonly holder: Holder | undefined;

  constructor(service: string, holder: Holder | undefined) {
    const since = holder === undefined ? "" : ` since ${new Date(holder.sinceMs).toISOString()}`;
    super(`${service} is being rolled out by ${holder?.who ?? "another process"}${since}.`);
    this.holder = holder;
  }
}

/** The lock is lost, or may be: nothing may be written any more. */
export class LostLock extends Error {
  override readonly name = "LostLock";
}
