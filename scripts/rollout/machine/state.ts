import Type, { type Static } from "typebox";
import { Target } from "../plan/targets.ts";

/**
 * The phases of a rollout. `shifting` and `settling` of the last step are called promoting; `waiting` is for an approval
 * or for the end of a freeze window.
 */
export const PHASES = [
  "preparing",
  "warming",
  "shifting",
  "settling",
  "judging",
  "waiting",
  "baking",
  "promoted",
  "restoring",
  "confirming",
  "rolled back",
  "held",
] as const;

export const Phase = Type.Enum([
  "preparing",
  "warming",
  "shifting",
  "settling",
  "judging",
  "waiting",
  "baking",
  "promoted",
  "restoring",
  "confirming",
  "rolled back",
  "held",
]);
export type Phase = Static<typeof Phase>;

/** A split as it was seen, with who wrote it. */
export const LiveSplit = Type.Object({
  targets: Type.Array(Target),
  version: Type.String(),
  by: Type.Union([Type.String(), Type.Null()]),
});
export type LiveSplit = Static<typeof LiveSplit>;

/** The state of a rollout: all that the next decision needs, and nothing that is not written down. */
export const State = Type.Object({
  phase: Phase,
  /** The step that is being gone to, or judged; -1 before the first. */
  step: Type.Integer(),
  /** When the phase began, in milliseconds since the epoch. */
  sinceMs: Type.Number(),
  /** Judged on, and not moved forward. */
  paused: Type.Boolean(),
  /** Somebody asked to go to the last step at once. */
  skipping: Type.Boolean(),
  /** The split that is known to be there by our doing: the original, or what we wrote last. */
  written: Type.Object({ targets: Type.Array(Target), version: Type.String() }),
  /** Splits that we have set out to write, and do not know yet whether they are there. */
  pending: Type.Array(Type.Array(Target)),
  /** How many requests of people have been handled. */
  handled: Type.Integer(),
  /** Why it is where it is. */
  reason: Type.String(),
  /** Where a held rollout goes on. */
  heldFrom: Type.Union([Phase, Type.Null()]),
  /** The split that another writer made, for which the rollout is held. */
  foreign: Type.Union([LiveSplit, Type.Null()]),
  /** The shares, in percent, that were approved, and by whom; absent before the first approval. */
  approvals: Type.Optional(Type.Array(Type.Object({ percent: Type.Number(), by: Type.String() }))),
});
export type State = Static<typeof State>;

/** What somebody may ask of a rollout, from anywhere. */
export const Command = Type.Enum(["pause", "resume", "hold", "promote", "approve", "abort", "back"]);
export type Command = Static<typeof Command>;

/** What happened, as far as a decision can depend on it. */
export const Event = Type.Union([
  /** The candidate can take traffic. */
  Type.Object({ type: Type.Literal("ready"), atMs: Type.Number() }),
  /** It cannot, or did not answer its first request: why. */
  Type.Object({ type: Type.Literal("unready"), atMs: Type.Number(), why: Type.String() }),
  Type.Object({ type: Type.Literal("warmed"), atMs: Type.Number() }),
  /** The split is there that was to be written. */
  Type.Object({
    type: Type.Literal("written"),
    atMs: Type.Number(),
    targets: Type.Array(Target),
    version: Type.String(),
  }),
  /** The split as it is there now, seen in passing or instead of writing. */
  Type.Object({ type: Type.Literal("seen"), atMs: Type.Number(), live: LiveSplit }),
  Type.Object({ type: Type.Literal("in force"), atMs: Type.Number(), ms: Type.Number() }),
  Type.Object({
    type: Type.Literal("verdict"),
    atMs: Type.Number(),
    verdict: Type.Enum(["healthy", "regressed", "undecided"]),
    because: Type.String(),
  }),
  /** Time has passed; with the revision that has reported no outcome for longest, of those that have a share. */
  Type.Object({
    type: Type.Literal("time"),
    atMs: Type.Number(),
    silent: Type.Optional(Type.Object({ revision: Type.String(), ms: Type.Number() })),
  }),
  /** The engine could not do what it was asked to; it is asked again. */
  Type.Object({ type: Type.Literal("failed"), atMs: Type.Number(), why: Type.String() }),
  /** Somebody asks for something. */
  Type.Object({
    type: Type.Literal("asked"),
    atMs: Type.Number(),
    command: Command,
    by: Type.String(),
    why: Type.String(),
    /** Also over what somebody else has written. */
    overwrite: Type.Boolean(),
    /** Whether it stands in the queue of requests, and is done with by being handled. */
    queued: Type.Boolean(),
  }),
]);
export type Event = Static<typeof Event>;

/** The state in which a rollout begins. */
export function initialState(original: State["written"], atMs: number): State {
  return {
    phase: "preparing",
    step: -1,
    sinceMs: atMs,
    paused: false,
    skipping: false,
    written: original,
    pending: [],
    handled: 0,
    reason: "",
    heldFrom: null,
    foreign: null,
  };
}

/** Whether nothing more happens by itself. */
export function isOver({ phase }: State): boolean {
  return phase === "promoted" || phase === "rolled back" || phase === "held";
}

/** Whether it is on its way back, or has come back. */
export function isGoingBack({ phase }: State): boolean {
  return phase === "restoring" || phase === "confirming" || phase === "rolled back";
}
