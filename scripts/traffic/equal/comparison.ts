import type { Listener } from "../table.ts";
import type { Difference } from "./counterexample.ts";

/** The options of a comparison. */
export interface CompareOptions {
  /** The response header that carries the revision's name; undefined without such a header. */
  revisionHeader: string | undefined;
  /** Assumptions made while reading the files, and parts of them that are not modelled; in sentences. */
  notes?: readonly string[];
  doubts?: readonly string[];
  /** Reports whether the time limit is reached; the rest becomes a doubt. It is called often. @default never */
  isTimeUp?: () => boolean;
  /** Called after each compared set of requests. */
  onProgress?: (progress: Progress) => void;
}

/** The progress of a comparison. */
export interface Progress {
  places: { done: number; all: number };
  cells: number;
}

/** A question that could not be decided, and its place. */
export interface Doubt {
  listener: Listener;
  hosts: readonly [string, string];
  why: string;
}

/** Whether two descriptions send every request the same way. */
export interface Comparison {
  verdict: "equal" | "different" | "unknown";
  /** The compared places. */
  compared: { listener: Listener; hosts: readonly [string, string] }[];
  /** The first difference of each place. */
  differences: Difference[];
  /** Revisions of one name that are not the same, in sentences. */
  revisions: string[];
  doubts: Doubt[];
  /** Parts of the files that are not modelled, in sentences. */
  unread: string[];
  /** Assumptions of the verdict, and places that were not compared. */
  notes: string[];
  /** The number of sets into which the conditions divide all requests. */
  cells: number;
}
