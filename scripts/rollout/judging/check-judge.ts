import Type, { type Static } from "typebox";
import { Check } from "typebox/schema";
import { digits, percent } from "../../format.ts";
import type { Settings } from "../plan/plan.ts";
import type { CheckSample, Judging, MakeJudge, Observation, Ruling } from "./judging.ts";

/** The supposed probabilities that the candidate's value is the larger one. */
const BETS = [0.6, 0.75, 0.9] as const;

const CheckState = Type.Object({
  wealth: Type.Array(Type.Number()),
  peak: Type.Number(),
  larger: Type.Integer(),
  all: Type.Integer(),
  last: Type.Object({ candidate: Type.Number(), baseline: Type.Number() }),
});
type CheckState = Static<typeof CheckState>;

const Snapshot = Type.Object({ requests: Type.Unknown(), checks: Type.Record(Type.String(), CheckState) });
type Snapshot = Static<typeof Snapshot>;

/**
 * A judge of requests, and beside it of values that were read of both revisions at the same time. A check holds the
 * candidate for worse where its value is larger than tolerated more often than not: at each reading it bets that this has
 * probability p, and multiplies its wealth by 2p or 2(1 - p). While the probability is a half at most, given what was read
 * before, the average wealth of the bets is a supermartingale, so it ever reaches 1/a with probability a at most (Ville
 * 1939). Half of alpha is for the requests, the other half is divided among the checks. Values are compared with
 * `tolerateLatency`: by default a value that is 25 % larger is tolerated.
 */
export function checkJudge(settings: Settings, snapshot: unknown, makeJudge: MakeJudge): Judging {
  return new CheckJudge(settings, Check(Snapshot, snapshot) ? snapshot : undefined, makeJudge);
}

class CheckJudge implements Judging {
  readonly restored: boolean;
  readonly #requests: Judging;
  readonly #checks: Map<string, CheckState>;
  readonly #tolerated: number;
  readonly #alpha: number;

  constructor(settings: Settings, snapshot: Snapshot | undefined, makeJudge: MakeJudge) {
    const { alpha, tolerateLatency, checks = [] } = settings;
    this.#requests = makeJudge({ ...settings, alpha: alpha / 2 }, snapshot?.requests);
    this.restored = snapshot !== undefined && this.#requests.restored;
    this.#tolerated = 1 + tolerateLatency;
    this.#alpha = alpha / 2 / Math.max(1, checks.length);
    this.#checks = new Map(
      checks.map(({ name }) => [name, structuredClone(snapshot?.checks[name]) ?? newState()]),
    );
  }

  observe(observations: readonly Observation[]): void {
    this.#requests.observe(observations);
  }

  compare({ check, candidate, baseline }: CheckSample): void {
    const state = this.#checks.get(check);
    if (state === undefined) return;
    const isLarger = candidate > baseline * this.#tolerated;
    state.wealth = state.wealth.map((wealth, i) => {
      const p = BETS[i] ?? 0.5;
      return wealth * 2 * (isLarger ? p : 1 - p);
    });
    const value = state.wealth.reduce((sum, wealth) => sum + wealth, 0) / BETS.length;
    state.peak = Math.max(state.peak, value);
    state.all++;
    if (isLarger) state.larger++;
    state.last = { candidate, baseline };
  }

  ruling(next: number): Ruling {
    const ofRequests = this.#requests.ruling(next);
    if (ofRequests.verdict === "regressed") return ofRequests;
    const found = [...this.#checks].find(([, { peak }]) => peak >= 1 / this.#alpha);
    if (found === undefined) return ofRequests;
    const [name, { larger, all, last }] = found;
    const because =
      `the check ${name} is more than ${digits(this.#tolerated)} times as large for the candidate in ${larger} of ${all} readings, ` +
      `at last ${digits(last.candidate)} against ${digits(last.baseline)}, seen with probability ${percent(this.#alpha)} at most if it were no larger`;
    return { ...ofRequests, verdict: "regressed", because };
  }

  snapshot(): Snapshot {
    return { requests: this.#requests.snapshot(), checks: structuredClone(Object.fromEntries(this.#checks)) };
  }
}

function newState(): CheckState {
  return { wealth: BETS.map(() => 1), peak: 1, larger: 0, all: 0, last: { candidate: 0, baseline: 0 } };
}
