import type { KnTarget } from "./kn/target.ts";

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
  /** Changes with every change of the split, whoever makes it. Only to be compared. */
  version: string;
  /** Who changed it last and when, where the engine can tell. */
  changed: { by: string; atMs: number } | undefined;
}

/** A revision that a split can name, and whether it could take traffic now. */
export interface RevisionState {
  name: string;
  ready: boolean;
  /** Why it is not ready, in the words of the engine. */
  reason: string | undefined;
}

/** What became of some requests of one kind. */
export interface Outcome {
  /** When they were answered, in milliseconds since the epoch. */
  atMs: number;
  /** Who answered, or undefined where nobody can tell: then the gateway did. */
  revision: string | undefined;
  /** False for what the service is to blame for: 5xx, a reset, a timeout, a wrong answer. */
  ok: boolean;
  /** Milliseconds; where only a histogram is known, the upper bound of the bucket. */
  ms: number;
  /** Where only a histogram is known, its lower bound: they took longer than this. */
  fromMs?: number | undefined;
  count: number;
  /** Why they are no evidence about a revision: a cold start, a probe, a mistake of the caller. */
  excluded: "cold start" | "probe" | "caller" | undefined;
}

/** The three that carry a split. */
export type EngineName = "local" | "knative" | "istio";

/** Somebody else changed the split since it was read. */
export class SplitChanged extends Error {
  override readonly name = "SplitChanged";
  /** What is there now. */
  readonly now: SplitState;

  constructor(message: string, now: SplitState) {
    super(message);
    this.now = now;
  }
}

/** Who carries the split of one service: reads it, writes it, and tells what becomes of the requests. */
export interface Engine {
  readonly name: EngineName;
  readonly service: string;
  /** Where the split is written, for people: a file and line, or an object of a cluster. */
  readonly place: string;
  read(): Promise<SplitState>;
  /**
   * Writes a split over the one with this version, and keeps who did it and why.
   * Resolves when it is written, which is before the data plane has it.
   * @throws SplitChanged when the version is not the current one; nothing is written then
   */
  write(targets: readonly SplitTarget[], version: string, by: string): Promise<SplitState>;
  /** Resolves when every gateway sends requests by the split that is written now; with how long that took. */
  inForce(signal: AbortSignal): Promise<{ ms: number }>;
  /** The revisions of the service, in the order in which they were made. */
  revisions(): Promise<RevisionState[]>;
  /** What becomes of requests from now on, in batches, until the signal. */
  outcomes(signal: AbortSignal): AsyncIterable<Outcome[]>;
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
}

/** Who answered, of the requests that a split decided. */
export interface ObservedSplit {
  /** Since when, in milliseconds since the epoch. */
  sinceMs: number;
  /** By revision. */
  counts: ReadonlyMap<string, number>;
}

/** An engine that remembers what this tool changed. */
export interface RecordedEngine extends Engine {
  /** @param undo whether the write takes back the last change @default false */
  write(targets: readonly SplitTarget[], version: string, by: string, undo?: boolean): Promise<SplitState>;
  /** What this tool changed, the oldest first; of many, the latest. */
  changes(): Promise<SplitChange[]>;
  /** Whether the engine can tell now which revisions are ready; false where nothing runs. */
  runs(): Promise<boolean>;
  /** What carries the traffic now, where that can differ from what is written; undefined where nothing runs. */
  live(): Promise<readonly SplitTarget[] | undefined>;
  /**
   * Who answers: since the split is what it is where the engine counts by itself, else from now on until the signal.
   * Undefined where nothing runs.
   */
  observe(signal: AbortSignal): Promise<ObservedSplit | undefined>;
  /**
   * What the engine itself reports: the traffic it has taken, each target with its revision, and the latest ready
   * revision. Only where that is more than what is written: kn's remainder goes by it.
   */
  status?(): Promise<{ traffic: KnTarget[]; latest: string | undefined } | undefined>;
}

/** Nothing runs that could have a split in force. The message says how to start it. */
export class NothingRuns extends Error {
  override readonly name = "NothingRuns";
}

/** What was asked for cannot be written here. The message says why, and what to do. */
export class CannotWrite extends Error {
  override readonly name = "CannotWrite";
}
