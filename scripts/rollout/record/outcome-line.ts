import Type, { type Static } from "typebox";
import { AnswerValue } from "../../traffic/answer-values.ts";
import { isOk } from "../../traffic/outcome-kind.ts";
import type { Observation } from "../rollout-judge/rollout-judge.ts";

/**
 * An outcome in an evidence file: milliseconds after the line's `at`; the revision (`c` candidate, `b` baseline, `g`
 * gateway) and its result (nothing for a success, `e` error, `r` rejected, `a` abandoned); its latency in
 * milliseconds; and further fields if they differ from the defaults.
 */
const OutcomeTuple = Type.Union([
  Type.Tuple([Type.Number(), Type.String({ pattern: "^[cbg][era]?$" }), Type.Number()]),
  Type.Tuple([
    Type.Number(),
    Type.String({ pattern: "^[cbg][era]?$" }),
    Type.Number(),
    Type.Object(
      {
        fromMs: Type.Optional(Type.Number()),
        count: Type.Optional(Type.Integer({ minimum: 1 })),
        share: Type.Optional(Type.Number()),
        unit: Type.Optional(Type.String()),
        route: Type.Optional(Type.String()),
        answer: Type.Optional(Type.Array(AnswerValue)),
        preview: Type.Optional(Type.Literal(true)),
      },
      { additionalProperties: false },
    ),
  ]),
]);
type OutcomeTuple = Static<typeof OutcomeTuple>;

/** Batches of outcomes in the order in which the judge observed them. */
export const OutcomeLine = Type.Object({
  /** Milliseconds since the epoch. */
  at: Type.Number(),
  /** The candidate's share, from 0 to 1, of every outcome without its own share. */
  share: Type.Number(),
  batches: Type.Array(Type.Array(OutcomeTuple)),
});
export type OutcomeLine = Static<typeof OutcomeLine>;

const WHO = { candidate: "c", baseline: "b", gateway: "g" } as const;
const WHO_OF = { c: "candidate", b: "baseline", g: "gateway" } as const;
const KIND_OF = { e: "error", r: "rejected", a: "abandoned" } as const;

/** Writes batches as a line. */
export function asOutcomeLine(batches: readonly (readonly Observation[])[]): OutcomeLine {
  const first = batches.find((batch) => batch.length > 0)?.[0];
  const { atMs: at = 0, share = 0 } = first ?? {};
  return { at, share, batches: batches.map((batch) => batch.map((each) => asTuple(each, at, share))) };
}

/** Returns the batches of a line as the judge observed them. */
export function batchesOf({ at, share, batches }: OutcomeLine): Observation[][] {
  return batches.map((batch) => batch.map((tuple) => observationOf(tuple, at, share)));
}

function asTuple(each: Observation, at: number, share: number): OutcomeTuple {
  const {
    atMs,
    who,
    ok,
    kind = ok ? undefined : "error",
    ms,
    fromMs,
    count,
    unit,
    route,
    answer,
    preview,
  } = each;
  const code = `${WHO[who]}${kind === undefined ? "" : kind.charAt(0)}`;
  const more = {
    ...(fromMs === undefined || fromMs === ms ? {} : { fromMs }),
    ...(count === 1 ? {} : { count }),
    ...(each.share === share ? {} : { share: each.share }),
    ...(unit === undefined ? {} : { unit }),
    ...(route === undefined ? {} : { route }),
    ...(answer === undefined ? {} : { answer: [...answer] }),
    ...(preview === true ? { preview } : {}),
  };
  return Object.keys(more).length === 0 ? [atMs - at, code, ms] : [atMs - at, code, ms, more];
}

function observationOf([after, code, ms, more = {}]: OutcomeTuple, at: number, share: number): Observation {
  const [who = "", mark = ""] = code;
  if (!isKey(who, WHO_OF)) throw new TypeError(`${code} names no side`);
  const kind = isKey(mark, KIND_OF) ? KIND_OF[mark] : undefined;
  return {
    atMs: at + after,
    who: WHO_OF[who],
    ok: isOk(kind ?? "success"),
    kind: kind === "error" ? undefined : kind,
    ms,
    fromMs: more.fromMs,
    count: more.count ?? 1,
    share: more.share ?? share,
    unit: more.unit,
    route: more.route,
    ...(more.answer === undefined ? {} : { answer: more.answer }),
    ...(more.preview === true ? { preview: true } : {}),
  };
}

function isKey<K extends string>(key: string, of: Readonly<Record<K, unknown>>): key is K {
  return Object.hasOwn(of, key);
}
