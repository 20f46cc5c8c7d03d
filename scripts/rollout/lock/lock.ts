/** A process that runs a rollout, or ran it. Times are milliseconds since the epoch. */
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
  /** Aborted when the lock is lost without being released. Nothing may be written from then on. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/** Allows one rollout at a time for each service. */
export interface Lock {
  /** @throws LockTaken */
  acquire(who: string): Promise<Held>;
  /** Returns the current holder. */
  holder(): Promise<Holder | undefined>;
  /** Returns the holder, or the last process that ended without releasing the lock. */
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

/** The lock is lost, or may be. Nothing may be written any more. */
export class LostLock extends Error {
  override readonly name = "LostLock";
}
