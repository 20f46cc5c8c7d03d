/** How a rollout ended. */
export interface Outcome {
  t: number;
  kind: "rolled back" | "promoted";
}

/** A judge with its rollout: it sets the candidate's share, and receives the outcomes. */
export interface Contestant {
  /** The candidate's share of the traffic from now on, 0 to 1. */
  share: number;
  /** Set when the rollout is over; afterwards no method is called. */
  outcome: Outcome | undefined;
  /** The second of the healthy verdict; the rollout may continue afterwards. */
  healthyAt: number | undefined;
  /** Called once per second, before its requests. */
  tick(t: number): void;
  request(t: number, candidate: boolean, ok: boolean, ms: number): void;
}

export const CONTESTANTS = ["kyc", "kyc by steps", "Flagger", "Argo Rollouts", "Kayenta"] as const;
export type ContestantName = (typeof CONTESTANTS)[number];
