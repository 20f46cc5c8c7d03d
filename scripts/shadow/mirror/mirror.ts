/** The parameters of a mirror while a comparison runs. */
export interface MirrorRun {
  /** The end of the name of the shadow service's revision. */
  readonly id: string;
  /** Of the service's requests, above 0 and at most 100. */
  readonly percent: number;
  /** The environment of the shadow service, in addition to that in its file. */
  readonly env: Readonly<Record<string, string>>;
}

/** Adds the mirror of a service with its shadow service, and removes both. */
export interface Mirror {
  /** The place of the mirror, for people. */
  readonly place: string;
  /**
   * Starts the shadow service, waits until it is ready, and mirrors the service's requests to it.
   * @throws UserError if that fails; the caller must then remove the written objects
   */
  start(run: MirrorRun, signal: AbortSignal): Promise<void>;
  /** Removes the mirror, and then the shadow service, if they exist. */
  stop(): Promise<void>;
  /** Whether a mirror or a shadow service is there. */
  isThere(): Promise<boolean>;
  /** The answer of the shadow service at a path; undefined while it does not answer. */
  ask(path: string, signal: AbortSignal): Promise<unknown>;
}

/** The name of the revision of a run. */
export function revisionOfRun(shadow: string, { id }: MirrorRun): string {
  return `${shadow}-${id}`;
}

/** The tag by which the counts of the shadow service are requested. */
export const RUN_TAG = "run";
