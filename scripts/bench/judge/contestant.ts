/** How a rollout ended. */
export interface Outcome {
  t: number;
  kind: "rolled back" | "promoted";
}

/** A judge with the rollout around it: it decides which revision gets the next request, and learns the outcome. */
export interface Contestant {
  /** The candidate's share of the traffic from now on, 0 to 1. */
  share: number;
  /** Set once it is over: nothing is asked from then on. */
  outcome: Outcome | undefined;
  /** Seconds when it said that all is well; a rollout may go on after it. */
  healthyAt: number | undefined;
  /** Once a second, before its requests. */
  tick(t: number): void;
  request(t: number, candidate: boolean, ok: boolean, ms: number): void;
}

export const CONTESTANTS = ["kyc", "kyc by steps", "Flagger", "Argo Rollouts", "Kayenta"] as const;
export type ContestantName = (typeof CONTESTANTS)[number];
