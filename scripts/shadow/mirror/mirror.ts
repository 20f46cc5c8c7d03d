/** Where copies of requests go while a comparison runs, and how many. */
export interface MirrorRun {
  /** The end of the name of the shadow service's revision. */
  readonly id: string;
  /** Of the service's requests, above 0 and at most 100. */
  readonly percent: number;
  /** The environment of the shadow service, beside that in its file. */
  readonly env: Readonly<Record<string, string>>;
}

/** Adds the mirror of a service and its shadow service, and takes both back. */
export interface Mirror {
  /** Where the mirror is written, for people. */
  readonly place: string;
  /**
   * Starts the shadow service, waits until it is ready, and mirrors the service's requests to it.
   * @throws UserError if that fails; the caller must then remove what was written
   */
  start(run: MirrorRun, signal: AbortSignal): Promise<void>;
  /** Takes the mirror back, and then the shadow service. Does nothing where neither is there. */
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

/** The tag under which the shadow service is asked for its counts. */
export const RUN_TAG = "run";
