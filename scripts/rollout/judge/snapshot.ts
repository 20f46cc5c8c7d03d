import Type, { type Static } from "typebox";
import { Check } from "typebox/schema";
import { BUCKETS } from "./statistics/histogram.ts";

const Pair = Type.Tuple([Type.Number(), Type.Number()]);

/** The state of a `Mixture`. */
export const MixtureFields = Type.Object({
  wealth: Type.Array(Type.Number()),
  periods: Type.Array(Type.Object({ from: Type.Number(), wealth: Type.Array(Type.Number()) })),
  reserve: Type.Number(),
  deposits: Type.Number(),
});

const Shares = Type.Interface([MixtureFields], {
  episode: Type.Object({
    open: Type.Boolean(),
    troubleFrom: Type.Number(),
    counted: Type.Number(),
    last: Type.Number(),
    failures: Type.Number(),
    successes: Type.Number(),
    confirmed: Type.Boolean(),
    cluster: Type.Boolean(),
  }),
  lifts: Type.Array(Type.Number()),
});

const Marks = Type.Object({ worse: Shares, notWorse: Shares, ever: Pair, step: Pair });

/** The state of a `RateGuard`. */
export const GuardFields = Type.Interface([MixtureFields], {
  before: Type.Tuple([Type.Number(), Type.Number(), Type.Number(), Type.Number(), Type.Number()]),
  learntAt: Type.Number(),
  limit: Type.Number(),
  nextDeposit: Type.Number(),
});

const Unanswered = Type.Object({ guard: GuardFields, fewer: Shares, begun: Type.Boolean() });
export type UnansweredState = Static<typeof Unanswered>;

const Latencies = Type.Object({ total: Type.Number(), counts: Type.Array(Type.Number()) });

const Ranks = Type.Interface([MixtureFields], {
  pool: Latencies,
  ofCandidate: Type.Number(),
  learnt: Type.Number(),
  due: Type.Number(),
  starts: Type.Array(Type.Integer({ minimum: 0, maximum: BUCKETS })),
  step: Type.Integer({ minimum: 0, maximum: 20 }),
});

const Claim = Type.Object({
  threshold: Type.Union([Type.Null(), Pair]),
  notWorse: Shares,
  total: Type.Number(),
  beyond: Type.Number(),
  unclear: Type.Number(),
});

const Arm = Type.Object({
  requests: Type.Number(),
  failed: Type.Number(),
  rejected: Type.Number(),
  abandoned: Type.Number(),
  latencies: Latencies,
});

const Options = Type.Object({
  alpha: Type.Number(),
  beta: Type.Number(),
  tolerate: Type.Object({ errors: Type.Number(), errorRate: Type.Number(), latency: Type.Number() }),
  harm: Type.Object({ errors: Type.Number(), errorRate: Type.Number(), latency: Type.Number() }),
});

/** The state of a `UnitMemory`. */
export const UnitFields = Type.Record(Type.String(), Type.Array(Type.Number()));

/** The state of the tests of a judge. */
export const TestsState = Type.Object({
  errors: Marks,
  rejected: Marks,
  abandoned: Marks,
  runs: Type.Interface([MixtureFields], { recent: Type.Array(Type.Tuple([Type.Number(), Type.Number()])) }),
  begun: Type.Tuple([Type.Boolean(), Type.Boolean()]),
  units: UnitFields,
  latency: Type.Object({
    recent: Latencies,
    learnt: Type.Number(),
    successes: Pair,
    due: Type.Number(),
    slower: Ranks,
    slowerP99: Shares,
    steadiness: Type.Object({
      block: Type.Tuple([Type.Number(), Type.Number(), Type.Number(), Type.Number()]),
      within: Pair,
      levels: Type.Array(Type.Tuple([Type.Number(), Type.Number(), Type.Number()])),
      rates: Type.Tuple([Type.Number(), Type.Number(), Type.Number()]),
      elapsed: Type.Number(),
    }),
    median: Claim,
    p99: Claim,
  }),
  unanswered: Unanswered,
  gateway: GuardFields,
  alone: GuardFields,
  misdirected: Shares,
  highestShare: Type.Number(),
  nextDeposit: Type.Number(),
  run: Type.Tuple([Type.Number(), Type.Boolean()]),
  seen: Pair,
  believed: Type.Boolean(),
});
export type TestsState = Static<typeof TestsState>;

/** The state of a judge. The version increases whenever the fields or their meaning change. */
export const JudgeSnapshot = Type.Object({
  version: Type.Literal(6),
  options: Options,
  tests: TestsState,
  baseline: Arm,
  candidate: Arm,
  gateway: Type.Tuple([Type.Number(), Type.Number(), Type.Number()]),
  excluded: Type.Record(Type.String(), Type.Number()),
  t: Type.Union([Type.Null(), Type.Number()]),
  share: Type.Number(),
  peak: Type.Number(),
  fell: Type.Union([Type.Null(), Type.Object({ t: Type.Number(), because: Type.String() })]),
  healthySince: Type.Union([Type.Null(), Type.Number()]),
});
export type JudgeSnapshot = Static<typeof JudgeSnapshot>;

/**
 * Parses a snapshot from JSON.
 * @throws TypeError if it is not a snapshot of this version; the judge must start again
 */
export function readSnapshot(value: unknown): JudgeSnapshot {
  if (Check(JudgeSnapshot, value)) return value;
  throw new TypeError("this is not the state of a judge of this version: start a new judge");
}
