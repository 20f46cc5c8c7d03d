import { CONTESTANTS, type Contestant, type ContestantName } from "./contestant.ts";
import { KycBySteps, KycOnRamp } from "./kyc.ts";
import { ArgoRollouts } from "./peers/argo.ts";
import { Flagger } from "./peers/flagger.ts";
import { Kayenta } from "./peers/kayenta.ts";
import { Requests } from "./requests.ts";
import { HORIZON, harmPerRequest, loadFactor, type Scenario } from "./scenarios.ts";

/** The result of one rollout under one judge. */
export interface Finish {
  /** Seconds, or -1 for never within the horizon. */
  rolledBackAt: number;
  healthyAt: number;
  /** Requests up to the horizon, averaged over the random outcome of each request. */
  harmed: number;
}

/**
 * Lets all judges observe the same requests, each with its own shares: a request goes to the candidate if its random number
 * is below the share, and has the same outcome for all judges.
 * @param rate mean requests per second
 */
export function race(scenario: Scenario, rate: number, seed: number): Record<ContestantName, Finish> {
  const contestants = CONTESTANTS.map(make);
  const harmed = new Float64Array(contestants.length);
  const harm = harmPerRequest(scenario);
  const requests = new Requests(scenario, rate, seed);
  const end = scenario.seconds ?? HORIZON;
  let s = 0;
  for (; s < end && contestants.some(({ outcome }) => outcome === undefined); s++) {
    for (const contestant of contestants) if (contestant.outcome === undefined) contestant.tick(s);
    const racing = contestants.filter(({ outcome }) => outcome === undefined);
    const shares = contestants.map(({ share }) => share);
    requests.second(s, ({ t, lot, baselineOk, candidateOk, baselineMs, candidateMs }) => {
      for (const contestant of racing) {
        // A judge that rolled back within this second sends no more requests to the candidate.
        const candidate = lot < contestant.share;
        contestant.request(
          t,
          candidate,
          candidate ? candidateOk : baselineOk,
          candidate ? candidateMs : baselineMs,
        );
      }
    });
    const expected = rate * loadFactor(scenario, s) * harm;
    for (const [i, { outcome }] of contestants.entries()) {
      const share = shares[i] as number;
      harmed[i] =
        (harmed[i] as number) + expected * (outcome === undefined ? share : shareDuring(s, outcome, share));
    }
  }
  for (const contestant of contestants) if (contestant.outcome === undefined) contestant.tick(s);
  const finishes = contestants.map(({ outcome, healthyAt }, i): Finish => {
    const promoted = outcome?.kind === "promoted" ? 1 : 0;
    return {
      rolledBackAt: outcome?.kind === "rolled back" ? outcome.t : -1,
      healthyAt: healthyAt ?? -1,
      harmed: (harmed[i] as number) + promoted * harm * rate * loadBetween(scenario, s),
    };
  });
  return Object.fromEntries(finishes.map((finish, i) => [CONTESTANTS[i], finish])) as Record<
    ContestantName,
    Finish
  >;
}

/** The candidate's share in a second in which, or before which, a rollout ended. */
function shareDuring(s: number, { t, kind }: NonNullable<Contestant["outcome"]>, share: number): number {
  if (kind === "promoted") return 1;
  return t > s ? (t - s) * share : 0;
}

/** Seconds of mean load from `s` to the horizon. */
function loadBetween(scenario: Scenario, s: number): number {
  let sum = 0;
  for (let second = s; second < (scenario.seconds ?? HORIZON); second++) sum += loadFactor(scenario, second);
  return sum;
}

function make(name: ContestantName): Contestant {
  switch (name) {
    case "kyc":
      return new KycOnRamp();
    case "kyc by steps":
      return new KycBySteps();
    case "Flagger":
      return new Flagger();
    case "Argo Rollouts":
      return new ArgoRollouts();
    case "Kayenta":
      return new Kayenta();
  }
}
