import Type, { type Static } from "typebox";
import { Check } from "typebox/schema";
import { counted, digits, percent } from "../../format.ts";
import { namesAnswerField } from "../../traffic/answer-field.ts";
import { UnitFields } from "../judge/snapshot.ts";
import { UnitMemory } from "../judge/statistics/unit-memory.ts";
import type { Settings } from "../plan/settings.ts";
import { AnswerCheck, AnswerCheckState } from "./answer-check.ts";
import {
  type CheckSample,
  type MakeJudge,
  type Observation,
  type RolloutJudge,
  type Ruling,
  withPartOfAlpha,
} from "./rollout-judge.ts";

/** The supposed probabilities that the candidate's value is the larger one. */
const BETS = [0.6, 0.75, 0.9] as const;

const ReadingsState = Type.Object({
  wealth: Type.Array(Type.Number()),
  peak: Type.Number(),
  larger: Type.Integer(),
  all: Type.Integer(),
  last: Type.Object({ candidate: Type.Number(), baseline: Type.Number() }),
});
type ReadingsState = Static<typeof ReadingsState>;

const Snapshot = Type.Object({
  requests: Type.Unknown(),
  checks: Type.Record(Type.String(), Type.Union([ReadingsState, AnswerCheckState])),
  units: UnitFields,
});
type Snapshot = Static<typeof Snapshot>;

/**
 * Makes a judge of requests and of custom checks: values that are read for both revisions at the same time
 * (`Readings`), and fields of answers (`AnswerCheck`). Half of alpha is for the requests, the other half is divided
 * among the checks. A difference of up to `tolerateLatency` is tolerated: by default a value that is 25 % larger.
 */
export function checkJudge(settings: Settings, snapshot: unknown, makeJudge: MakeJudge): RolloutJudge {
  return new CheckJudge(settings, Check(Snapshot, snapshot) ? snapshot : undefined, makeJudge);
}

class CheckJudge implements RolloutJudge {
  readonly restored: boolean;
  readonly #requests: RolloutJudge;
  readonly #checks: Map<string, Readings | AnswerCheck>;
  readonly #answers: AnswerCheck[];
  readonly #units = new UnitMemory();
  readonly #threshold: number;

  constructor(settings: Settings, snapshot: Snapshot | undefined, makeJudge: MakeJudge) {
    const { tolerateLatency, checks = [] } = settings;
    this.#requests = makeJudge(withPartOfAlpha(settings, 2), snapshot?.requests);
    this.restored = snapshot !== undefined && this.#requests.restored;
    this.#threshold = Math.log(1 / withPartOfAlpha(settings, 2 * checks.length).alpha);
    this.#checks = new Map(
      checks.map(({ name, query }): [string, Readings | AnswerCheck] => {
        const state = snapshot?.checks[name];
        const isField = namesAnswerField(query);
        if (isField && (state === undefined || "marks" in state))
          return [name, new AnswerCheck(1 + tolerateLatency, state)];
        return [name, new Readings(1 + tolerateLatency, state && "wealth" in state ? state : undefined)];
      }),
    );
    this.#answers = [...this.#checks.values()].filter((check) => check instanceof AnswerCheck);
    if (snapshot !== undefined) this.#units.restore(snapshot.units);
  }

  observe(observations: readonly Observation[]): void {
    this.#requests.observe(observations);
    for (const each of observations) this.#observeAnswer(each);
  }

  /**
   * Compares the content of answers. Errors and rejections are compared by the requests' judge, and have other
   * content.
   */
  #observeAnswer({ who, ok, kind, answer, share, unit, atMs }: Observation): void {
    if (answer === undefined || who === "gateway" || !ok || kind !== undefined) return;
    if (share === 0 || share === 1) return;
    // A returning applicant gets the same answer.
    if (unit !== undefined && !this.#units.first(unit, who)) return;
    for (const [i, check] of this.#answers.entries()) {
      const value = answer[i];
      if (value !== undefined) check.observe(who, value, atMs / 1000);
    }
  }

  compare({ check: name, candidate, baseline }: CheckSample): void {
    const check = this.#checks.get(name);
    if (check instanceof Readings) check.compare(candidate, baseline);
  }

  ruling(next: number): Ruling {
    const threshold = this.#threshold;
    const checks = [...this.#checks].map(([name, check]) => {
      const { evidence, says } = check;
      return { name, value: Math.max(0, evidence), threshold, says };
    });
    const ruling = { ...this.#requests.ruling(next), checks };
    if (ruling.verdict === "regressed") return ruling;
    const found = checks.find(({ value }) => value >= threshold);
    if (found !== undefined) {
      const chance = percent(Math.exp(-threshold));
      const because = `the check ${found.name} ${found.says}, with probability ${chance} at most if there is no difference beyond the tolerated one`;
      return { ...ruling, verdict: "regressed", because };
    }
    const empty = [...this.#checks].find(([, check]) => check instanceof AnswerCheck && check.isEmpty);
    if (ruling.verdict !== "healthy" || empty === undefined) return ruling;
    const [name, { says }] = empty;
    return { ...ruling, verdict: "undecided", because: `the check ${name} ${says}` };
  }

  snapshot(): Snapshot {
    const checks = [...this.#checks].map(([name, check]) => [name, check.snapshot()] as const);
    return {
      requests: this.#requests.snapshot(),
      checks: Object.fromEntries(checks),
      units: this.#units.snapshot(),
    };
  }
}

/**
 * Values of a check that are read for both revisions at the same time; a larger one is worse. At each reading it bets
 * with a probability p that the candidate's is larger than tolerated, and multiplies its wealth by 2p or 2(1 - p).
 * While that probability is at most a half, given the earlier readings, the average wealth of the bets is a
 * supermartingale, so it ever reaches 1/a with probability a at most (Ville 1939).
 */
class Readings {
  readonly #tolerated: number;
  readonly #state: ReadingsState;

  constructor(tolerated: number, state: ReadingsState = newReadings()) {
    this.#tolerated = tolerated;
    this.#state = structuredClone(state);
  }

  compare(candidate: number, baseline: number): void {
    const state = this.#state;
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

  /** As a natural logarithm. */
  get evidence(): number {
    return Math.log(this.#state.peak);
  }

  get says(): string {
    const { larger, all, last } = this.#state;
    if (all === 0) return "has found no value yet";
    return `is more than ${digits(this.#tolerated)} times as large for the candidate in ${larger} of ${counted(all, "reading")}, at last ${digits(last.candidate)} against ${digits(last.baseline)}`;
  }

  snapshot(): ReadingsState {
    return structuredClone(this.#state);
  }
}

function newReadings(): ReadingsState {
  return { wealth: BETS.map(() => 1), peak: 1, larger: 0, all: 0, last: { candidate: 0, baseline: 0 } };
}
