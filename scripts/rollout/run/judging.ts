import type { Settings } from "../plan/plan.ts";

/** Some requests of one kind, as a judge hears of them. */
export interface Observation {
  /** Milliseconds since the epoch. */
  atMs: number;
  /** Nobody can tell who answered: the gateway did. */
  who: "candidate" | "baseline" | "gateway";
  ok: boolean;
  kind?: "rejected" | "abandoned" | undefined;
  ms: number;
  /** Where only a histogram is known: they took longer than this, and `ms` at most. */
  fromMs?: number | undefined;
  count: number;
  /** The candidate's share of the requests of the two at that time, from 0 to 1. */
  share: number;
}

/** Evidence for one statement about the candidate, as a natural logarithm: it is proved at the threshold. */
export interface EvidenceLine {
  name: "worse" | "no more errors" | "no slower median" | "no slower p99";
  value: number;
  threshold: number;
}

/** What a judge says at a moment. */
export interface Ruling {
  verdict: "healthy" | "regressed" | "undecided";
  because: string;
  evidence: EvidenceLine[];
  /** Whether requests are not split as the shares say: then nothing is called healthy. */
  misdirected: boolean;
}

/** A judge, as a rollout uses one. */
export interface Judging {
  observe(observations: readonly Observation[]): void;
  /** @param next the share, 0 to 1, that the candidate gets when it is healthy */
  ruling(next: number): Ruling;
  /** All that it knows, as JSON. */
  snapshot(): unknown;
}

/** Makes a judge for a rollout, from what another one knew where that can be understood. */
export type MakeJudge = (settings: Settings, snapshot: unknown) => Judging;
