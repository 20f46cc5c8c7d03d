import Type, { type Static } from "typebox";
import { AnswerValues } from "../../traffic/answer-values.ts";

const orNull = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

/** A line of `GET /_mesh/events`: a served request. */
export const ServedEvent = Type.Object({
  /** When it ended, in milliseconds since the epoch. */
  t: Type.Number(),
  listener: Type.Enum(["ingress", "local-gateway", "mesh"]),
  namespace: orNull(Type.String()),
  service: orNull(Type.String()),
  revision: orNull(Type.String()),
  method: Type.String(),
  /** Without the query. */
  path: Type.String(),
  /** The request's `x-request-id`, which the requests made on its behalf carry as well. */
  requestId: Type.String(),
  /** 0 without a response. */
  status: Type.Integer(),
  ms: Type.Number(),
  /** Whether the request waited for a process to start. */
  cold: Type.Boolean(),
  /** Whether an injected fault delayed or answered the request. */
  fault: Type.Boolean(),
  /** Which side closed the connection before the response was complete. */
  broken: orNull(Type.Enum(["client", "revision"])),
  /** `file:line` of the rule that chose the revision, the innermost one. */
  route: orNull(Type.String()),
  /** `file:line` of the split that did; null when the request was pinned. */
  split: orNull(Type.String()),
  /**
   * The value of the header by which the split keeps an applicant on one revision; absent if it draws each request.
   */
  unit: Type.Optional(Type.String()),
  /** The fields of the answer requested by `?service=NAME&answer=FIELD&…`; absent without an answer. */
  answer: Type.Optional(AnswerValues),
});

/** The last line of `GET /_mesh/events`, and of a followed `GET /_mesh/logs`, with the reason for the end. */
export const EventsEnd = Type.Object({ t: Type.Number(), end: Type.String() });

/** A line of `GET /_mesh/logs`: a line of a revision's output. */
export const OutputLine = Type.Object({
  /** In milliseconds since the epoch. */
  t: Type.Number(),
  service: Type.String(),
  revision: Type.String(),
  text: Type.String(),
});

export const OutputEvent = Type.Union([OutputLine, EventsEnd]);

export const MeshEvent = Type.Union([ServedEvent, EventsEnd]);

export type ServedEvent = Static<typeof ServedEvent>;
export type OutputLine = Static<typeof OutputLine>;
export type EventsEnd = Static<typeof EventsEnd>;
export type MeshEvent = Static<typeof MeshEvent>;
