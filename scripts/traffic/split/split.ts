/** One entry of a split: what Knative calls a traffic target. */
export interface SplitTarget {
  revision: string;
  tag: string | undefined;
  /** From 0 to 100; those of a split sum to 100. */
  percent: number;
  /** Whether the target follows the latest ready revision. */
  latest: boolean;
}

/** A split as an engine carries it. */
export interface SplitState {
  targets: readonly SplitTarget[];
  /** The header whose buckets decide, so that a caller stays with a revision; undefined where each request is drawn. */
  header?: string | undefined;
  /** Changes with every change of the split, whoever makes it. Only to be compared. */
  version: string;
  /** Who changed it last and when, where the engine can tell. */
  changed: { by: string; atMs: number } | undefined;
}

/** How a split is kept: as ranges of the buckets that a header carries, or as weights where it is undefined. */
export interface SplitForm {
  header: string | undefined;
}

/** A revision that a split can name, and whether it could take traffic now. */
export interface RevisionState {
  name: string;
  ready: boolean;
  /** Why it is not ready, in the words of the engine. */
  reason: string | undefined;
}

/** Another writer changed the split since it was read. */
export class SplitChanged extends Error {
  override readonly name = "SplitChanged";
  /** What is there now. */
  readonly now: SplitState;

  constructor(message: string, now: SplitState) {
    super(message);
    this.now = now;
  }
}

/** A change of a split that this tool made. */
export interface SplitChange {
  atMs: number;
  /** Who made it, as it was told to the engine. */
  by: string;
  before: readonly SplitTarget[];
  after: readonly SplitTarget[];
  /** Whether it took back the change before it. */
  undo: boolean;
  /** The headers whose buckets decided before and after it, where the change was one of form. */
  forms?: { before?: string | undefined; after?: string | undefined } | undefined;
}

/** Nothing runs that could have a split in force. The message says how to start it. */
export class NothingRuns extends Error {
  override readonly name = "NothingRuns";
}

/** What was asked for cannot be written here. The message says why, and what to do. */
export class CannotWrite extends Error {
  override readonly name: string = "CannotWrite";
}

/** No Knative Service has this name. The message suggests one that exists. */
export class UnknownService extends CannotWrite {
  override readonly name = "UnknownService";
}
