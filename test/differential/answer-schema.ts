import Type, { type Static } from "typebox";

/** A request as received by an echo. */
export const Seen = Type.Object({
  revision: Type.String(),
  method: Type.String(),
  target: Type.String(),
  authority: Type.String(),
  headers: Type.Array(Type.Tuple([Type.String(), Type.String()])),
  body: Type.String(),
  /** The number of the try, from 1. */
  tries: Type.Integer(),
});
export type Seen = Static<typeof Seen>;

/** The copies that an echo received, by case. */
export const Copies = Type.Array(Type.Tuple([Type.String(), Type.Array(Seen)]));

/** The response that a client received. */
export const Answer = Type.Object({
  /** 0 if the connection ended without a response. */
  status: Type.Integer(),
  headers: Type.Array(Type.Tuple([Type.String(), Type.String()])),
  body: Type.String(),
  /** The request that the revision received, if one answered. */
  seen: Type.Optional(Seen),
});
export type Answer = Static<typeof Answer>;
