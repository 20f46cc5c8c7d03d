import Type, { type Static } from "typebox";
import { Target } from "../plan/targets.ts";

/**
 * The phases of a rollout. `shifting` and `settling` of the last step are displayed as promoting. In `previewing`
 * only callers that ask for the candidate reach it. `waiting` is for an approval or for the end of a freeze window.
 */
export const PHASES = [
  "preparing",
  "warming",
  "shifting",
  "settling",
  "previewing",
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
  "previewing",
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

/** An observed split, and its writer. */
export const LiveSplit = Type.Object({
  targets: Type.Array(Target),
  version: Type.String(),
  by: Type.Union([Type.String(), Type.Null()]),
});
export type LiveSplit = Static<typeof LiveSplit>;

/** The state of a rollout: everything that the next decision needs. All of it is in the journal. */
export const State = Type.Object({
  phase: Phase,
  /** The index of the current step, -1 before the first. */
  step: Type.Integer(),
  /** When the phase began, in milliseconds since the epoch. */
  sinceMs: Type.Number(),
  /** Whether it is paused: judged, but not advanced. */
  paused: Type.Boolean(),
  /** Whether `--promote` was given: the last step comes next. */
  skipping: Type.Boolean(),
  /** The last split that this rollout is known to have written, or the original. */
  written: Type.Object({ targets: Type.Array(Target), version: Type.String() }),
  /** Splits that the rollout started to write and whose arrival is not confirmed. */
  pending: Type.Array(Type.Array(Target)),
  /** The number of handled requests of people. */
  handled: Type.Integer(),
  /** The reason for the phase. */
  reason: Type.String(),
  /** The phase in which a held rollout resumes. */
  heldFrom: Type.Union([Phase, Type.Null()]),
  /** Another writer's split, for which the rollout is held. */
  foreign: Type.Union([LiveSplit, Type.Null()]),
  /** The approved shares, in percent, with the approver; absent before the first approval. */
  approvals: Type.Optional(Type.Array(Type.Object({ percent: Type.Number(), by: Type.String() }))),
});
export type State = Static<typeof State>;

/** The commands to a rollout. */
export const Command = Type.Enum(["pause", "resume", "hold", "promote", "approve", "abort", "back"]);
export type Command = Static<typeof Command>;

/** The events that a decision can depend on. */
export const Event = Type.Union([
  /** The candidate can take traffic. */
  Type.Object({ type: Type.Literal("ready"), atMs: Type.Number() }),
  /** The candidate is not ready, or did not answer its first request. */
  Type.Object({ type: Type.Literal("unready"), atMs: Type.Number(), why: Type.String() }),
  Type.Object({ type: Type.Literal("warmed"), atMs: Type.Number() }),
  /** The split of the current step is written. */
  Type.Object({
    type: Type.Literal("written"),
    atMs: Type.Number(),
    targets: Type.Array(Target),
    version: Type.String(),
  }),
  /** The current split, read periodically or found instead of the expected one before a write. */
  Type.Object({ type: Type.Literal("seen"), atMs: Type.Number(), live: LiveSplit }),
  Type.Object({ type: Type.Literal("in force"), atMs: Type.Number(), ms: Type.Number() }),
  Type.Object({
    type: Type.Literal("verdict"),
    atMs: Type.Number(),
    verdict: Type.Enum(["healthy", "regressed", "undecided"]),
    because: Type.String(),
  }),
  /** Time has passed. Includes the revision with a share that has been silent for longest. */
  Type.Object({
    type: Type.Literal("time"),
    atMs: Type.Number(),
    silent: Type.Optional(Type.Object({ revision: Type.String(), ms: Type.Number() })),
    /** The requests of the preview so far. */
    preview: Type.Optional(Type.Object({ requests: Type.Integer(), failed: Type.Integer() })),
  }),
  /** A call of the engine failed, and is retried. */
  Type.Object({ type: Type.Literal("failed"), atMs: Type.Number(), why: Type.String() }),
  /** A person gives a command. */
  Type.Object({
    type: Type.Literal("asked"),
    atMs: Type.Number(),
    command: Command,
    by: Type.String(),
    why: Type.String(),
    /** Whether it may overwrite another writer's split. */
    overwrite: Type.Boolean(),
    /** Whether it comes from the journal's queue, whose handled requests are counted. */
    queued: Type.Boolean(),
  }),
]);
export type Event = Static<typeof Event>;

/** Returns the state in which a rollout begins. */
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

/** Whether the rollout has ended. */
export function isOver({ phase }: State): boolean {
  return phase === "promoted" || phase === "rolled back" || phase === "held";
}

/** Whether the original split is being restored, or has been. */
export function isGoingBack({ phase }: State): boolean {
  return phase === "restoring" || phase === "confirming" || phase === "rolled back";
}
