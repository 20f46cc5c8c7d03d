/** Who rolls a service out. */
export interface Holder {
  /** `user@host`, and the process. */
  who: string;
  sinceMs: number;
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
  /** Who holds it now. */
  holder(): Promise<Holder | undefined>;
}

/** Somebody else rolls the service out. */
export class LockTaken extends Error {
  override readonly name = "LockTaken";
  readonly holder: Holder | undefined;

  constructor(service: string, holder: Holder | undefined) {
    const since = holder === undefined ? "" : ` since ${new Date(holder.sinceMs).toISOString()}`;
    super(
      `${service} is being rolled out by ${holder?.who ?? "another process"}${since}.\n` +
        `See it: ./kyc rollout ${service} --status    end it: ./kyc rollout ${service} --abort`,
    );
    this.holder = holder;
  }
}

/** The lock went to another process, or may have: nothing may be written any more. */
export class LostLock extends Error {
  override readonly name = "LostLock";
}
