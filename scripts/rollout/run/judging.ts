/** Some requests of one kind, as a judge hears of them. */
export interface Observation {
  /** Milliseconds since the epoch. */
  atMs: number;
  /** Nobody can tell who answered: the gateway did. */
  who: "candidate" | "baseline" | "gateway";
  ok: boolean;
  ms: number;
  count: number;
  /** The candidate's share of the requests of the two at that time, from 0 to 1. */
  share: number;
}

/** One line of evidence, and what it would take to decide. */
export interface EvidenceLine {
  name: string;
  /** In favour of what the line is about; it decides at the threshold. */
  value: number;
  threshold: number;
}

/** What a judge says at a moment. */
export interface Ruling {
  verdict: "healthy" | "regressed" | "undecided";
  because: string;
  evidence: EvidenceLine[];
}

/** A judge, as a rollout uses one. */
export interface Judging {
  observe(observations: readonly Observation[]): void;

  ruling(): Ruling;
  /** All that it knows, as JSON. */
  snapshot(): unknown;
}

/** Makes a judge for a rollout, from what another one knew where that can be understood. */
export type MakeJudge = (
  settings: { alpha: number; tolerateErrors: number; tolerateLatency: number },
  snapshot: unknown,
) => Judging;
