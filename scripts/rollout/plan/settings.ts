import Type, { type Static } from "typebox";
import { namesAnswerField } from "../../traffic/answer-field.ts";

/** The settings of a rollout. Times are milliseconds. */
export const Settings = Type.Object({
  /** The shortest time of a step, counted from when it is in force. */
  stepMs: Type.Number(),
  /** How long a step may remain undecided. */
  stepLimitMs: Type.Number(),
  onUndecided: Type.Enum(["hold", "advance", "abort"]),
  /** How long the candidate may take to become ready and to answer its first request. */
  readyDeadlineMs: Type.Number(),
  /** How long a written split may take to come into force. */
  forceDeadlineMs: Type.Number(),
  /** How long restoring the original split is retried before the rollout is held. */
  restoreDeadlineMs: Type.Number(),
  /**
   * How long the candidate is judged before the rollout ends: with the control share on the baseline, or with all
   * traffic without one.
   */
  bakeMs: Type.Number(),
  /** The share that stays on the baseline while the candidate bakes, in percent; 0 or absent for none. */
  controlPercent: Type.Optional(Type.Integer({ minimum: 0, maximum: 50 })),
  /** The shares, in percent, that a person other than the one who started the rollout must approve. */
  approveAt: Type.Optional(Type.Array(Type.Integer())),
  /** Freeze windows, in which no step begins: `Fri 16:00-Mon 08:00 Europe/Berlin`. */
  notBetween: Type.Optional(Type.Array(Type.String())),
  /** The addresses that each transition is sent to, as a CloudEvent. */
  notify: Type.Optional(Type.Array(Type.String())),
  /**
   * Comparisons besides requests: a PromQL query with `$revision` in place of a revision, evaluated for both; or a
   * field of answers, as parsed by `readAnswerField`.
   */
  checks: Type.Optional(Type.Array(Type.Object({ name: Type.String(), query: Type.String() }))),
  /** The address of the Prometheus that checks are read from, without credentials. */
  checkPrometheus: Type.Optional(Type.String()),
  /**
   * The preview, in which only callers that ask for the candidate reach it: by a header, or else by its tag and by
   * existing rules. Half of alpha is spent on it.
   */
  preview: Type.Optional(
    Type.Object({
      header: Type.Optional(Type.String()),
      value: Type.Optional(Type.String()),
      forMs: Type.Number(),
    }),
  ),
  /** Whether each route is also judged separately. */
  byRoute: Type.Optional(Type.Boolean()),
  /** The probability that a candidate that is no worse than tolerated is rolled back. */
  alpha: Type.Number(),
  /** The probability that a harmful step is called healthy. */
  beta: Type.Number(),
  /** How much more often the candidate may fail, relative to the baseline: 0.1 for a tenth more. */
  tolerateErrors: Type.Number(),
  /** Failing in at most this fraction of its requests is no regression, regardless of the baseline. */
  tolerateErrorRate: Type.Number(),
  /** How much longer it may take, relative to the baseline. */
  tolerateLatency: Type.Number(),
  /** Milliseconds: requests that take no longer count as equally fast. */
  latencyFloorMs: Type.Number(),
});
export type Settings = Static<typeof Settings>;

/** Returns the fields of answers among the checks, in order. */
export function answerFieldsOf({ checks = [] }: Settings): string[] {
  return checks.flatMap(({ query }) => (namesAnswerField(query) ? [query] : []));
}
