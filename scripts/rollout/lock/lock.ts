/** The process that carries a rollout out, or did. Times are milliseconds since the epoch. */
export interface Holder {
  /** The identity that started it, such as `ann@host`. */
  who: string;
  sinceMs: number;
  /** When it last gave a sign of life. */
  seenMs: number;
  /** Whether it holds the lock now. */
  alive: boolean;
}

/** A lock that is held. */
export interface Held {
  /** Comes when it is held no longer, by no doing of ours; nothing may be written from then on. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/** One rollout at a time for each service. */
export interface Lock {
  /** @throws LockTaken */
  acquire(who: string): Promise<Held>;
  /** The process that holds it now. */
  holder(): Promise<Holder | undefined>;
  /** The same, or the process that held it and ended without giving it back. */
  lastHolder(): Promise<Holder | undefined>;
}

/** Somebody else rolls the service out. */
export class LockTaken extends Error {
  override readonly name = "LockTaken";
  readonly holder: Holder | undefined;

  constructor(service: string, holder: Holder | undefined) {
    const since = holder === undefined ? "" : ` since ${new Date(holder.sinceMs).toISOString()}`;
    super(`${service} is being rolled out by ${holder?.who ?? "another process"}${since}.`);
    this.holder = holder;
  }
}

/** The lock went to another process, or may have: nothing may be written any more. */
export class LostLock extends Error {
  override readonly name = "LostLock";
}
