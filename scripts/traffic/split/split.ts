/** One entry of a split: a traffic target in terms of Knative. */
export interface SplitTarget {
  revision: string;
  tag: string | undefined;
  /** From 0 to 100; those of a split sum to 100. */
  percent: number;
  /** Whether the target follows the latest ready revision. */
  latest: boolean;
  /** Requests with this header reach the target regardless of the percents. */
  preview?: Preview | undefined;
}

/** A header, in lower case, and its value, by which callers reach a revision before it has a share. */
export interface Preview {
  header: string;
  value: string;
}

/** The split of an engine. */
export interface SplitState {
  targets: readonly SplitTarget[];
  /** The header whose buckets decide, so that a caller stays with a revision; undefined if each request is drawn. */
  header?: string | undefined;
  /** Changes with every change of the split, by any writer. Compare it only. */
  version: string;
  /** The author and the time of the last change, if the engine records them. */
  changed: { by: string; atMs: number } | undefined;
}

/** The form of a split: ranges of the buckets in a header, or weights if it is undefined. */
export interface SplitForm {
  header: string | undefined;
}

/** A revision that a split can name, and whether it could take traffic now. */
export interface RevisionState {
  name: string;
  ready: boolean;
  /** Why it is not ready, in the engine's words. */
  reason: string | undefined;
}

/** Another writer changed the split since it was read. */
export class SplitChanged extends Error {
  override readonly name = "SplitChanged";
  /** The current split. */
  readonly now: SplitState;

  constructor(message: string, now: SplitState) {
    super(message);
    this.now = now;
  }
}

/** A change of a split that this tool made. */
export interface SplitChange {
  atMs: number;
  /** The author, as given to the engine. */
  by: string;
  before: readonly SplitTarget[];
  after: readonly SplitTarget[];
  /** Whether it undid the change before it. */
  undo: boolean;
  /** The headers whose buckets decided before and after it, if the change was of the form. */
  forms?: { before?: string | undefined; after?: string | undefined } | undefined;
}

/** Nothing runs. The message has the command that starts it. */
export class NothingRuns extends Error {
  override readonly name = "NothingRuns";
}

/** The engine cannot write the requested split. The message has the reason and a remedy. */
export class CannotWrite extends Error {
  override readonly name: string = "CannotWrite";
}

/** No Knative Service has this name. The message suggests one that exists. */
export class UnknownService extends CannotWrite {
  override readonly name = "UnknownService";
}
