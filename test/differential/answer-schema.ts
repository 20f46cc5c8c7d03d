import Type, { type Static } from "typebox";

/** A request as it came to an echo. */
export const Seen = Type.Object({
  revision: Type.String(),
  method: Type.String(),
  target: Type.String(),
  authority: Type.String(),
  headers: Type.Array(Type.Tuple([Type.String(), Type.String()])),
  body: Type.String(),
  /** Which try of its case it was, counted from 1. */
  tries: Type.Integer(),
});
export type Seen = Static<typeof Seen>;

/** The copies that an echo got, by case. */
export const Copies = Type.Array(Type.Tuple([Type.String(), Type.Array(Seen)]));

/** What a client got. */
export const Answer = Type.Object({
  /** 0 where the connection ended without an answer. */
  status: Type.Integer(),
  headers: Type.Array(Type.Tuple([Type.String(), Type.String()])),
  body: Type.String(),
  /** What the revision got, where one answered. */
  seen: Type.Optional(Seen),
});
export type Answer = Static<typeof Answer>;
