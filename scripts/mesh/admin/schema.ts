import Type, { type Static } from "typebox";
import { BY_REPLICAS, SPLIT_OWNERS } from "../../traffic/split-owner.ts";
import { FaultsState } from "../faults/fault.ts";

/** The prefix of the paths that the mesh answers itself; no route sees such a request. */
export const ADMIN_PATH = "/_mesh";

const orNull = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

const Place = Type.Object({ file: Type.String(), line: Type.Integer(), column: Type.Integer() });

const Told = Type.Object({
  severity: Type.Enum(["error", "warning"]),
  at: Place,
  field: Type.String(),
  message: Type.String(),
  fix: orNull(Type.String()),
});

const COUNTS = {
  requests: Type.Integer(),
  /** Responses of 500 and above, and incomplete ones unless the client disconnected. */
  errors: Type.Integer(),
};

const RATED = {
  ...COUNTS,
  /** Requests per second, over the last ten seconds. */
  rate: Type.Number(),
};

const SUMS = {
  ...COUNTS,
  p50Ms: orNull(Type.Number()),
  p90Ms: orNull(Type.Number()),
  p99Ms: orNull(Type.Number()),
};

/** The requests of the window, and of each of its steps, the oldest first. */
export const TrafficState = Type.Object({
  ...SUMS,
  ...RATED,
  /** The counts of the last ten complete seconds. */
  recent: Type.Object(COUNTS),
  /** Empty if the window has no request. */
  series: Type.Array(Type.Object(SUMS)),
});

/** A split: the planned shares, and those observed since they apply. */
export const SplitState = Type.Object({
  by: Type.Enum([...Object.values(SPLIT_OWNERS), BY_REPLICAS]),
  /** For example `VirtualService checkout`. */
  object: Type.String(),
  at: Place,
  /** `file:line`, as events name it. */
  route: Type.String(),
  /** Whether this split decides for requests that are not pinned to a revision. */
  deciding: Type.Boolean(),
  /** The header whose buckets decide; absent if each request is drawn. */
  header: Type.Optional(Type.String()),
  targets: Type.Array(
    Type.Object({
      revision: Type.String(),
      tag: orNull(Type.String()),
      /** Planned, from 0 to 100. */
      percent: Type.Number(),
      latest: Type.Boolean(),
    }),
  ),
  observed: Type.Object({
    sinceMs: Type.Number(),
    requests: Type.Integer(),
    /** The confidence level of the intervals, from 0 to 1. */
    confidence: Type.Number(),
    /** Shares from 0 to 1, with Wilson's interval. */
    revisions: Type.Array(
      Type.Object({
        revision: Type.String(),
        count: Type.Integer(),
        /** The number of distinct buckets among them, if a header decides the split. */
        buckets: Type.Optional(Type.Integer()),
        share: Type.Number(),
        low: Type.Number(),
        high: Type.Number(),
      }),
    ),
  }),
});

export const RevisionView = Type.Object({
  name: Type.String(),
  tags: Type.Array(Type.String()),
  state: Type.Enum(["starting", "ready", "failed", "stopped", "at zero"]),
  /** Why, as a sentence; may be empty. */
  reason: Type.String(),
  traffic: TrafficState,
});

export const ServiceState = Type.Object({
  name: Type.String(),
  namespace: Type.String(),
  visibility: Type.Enum(["public", "cluster-local"]),
  /** The deciding one first. */
  splits: Type.Array(SplitState),
  revisions: Type.Array(RevisionView),
  /** Requests by the listener at which they entered. */
  inflows: Type.Array(Type.Object({ listener: Type.Enum(["ingress", "local-gateway", "mesh"]), ...RATED })),
});

export const RuleState = Type.Object({
  object: Type.String(),
  name: orNull(Type.String()),
  at: Place,
  route: Type.String(),
  hosts: Type.Array(Type.String()),
  /** Each condition as text; a request matches if any of them holds. Empty matches every request. */
  matches: Type.Array(Type.String()),
  /** The action on the request, as text. */
  action: Type.String(),
});

const RolloutSide = Type.Object({
  revision: Type.String(),
  ...COUNTS,
  p50Ms: orNull(Type.Number()),
  p99Ms: orNull(Type.Number()),
});

/** A rollout of a service of this mesh, from its journal: running, held, or recently ended. */
export const RolloutState = Type.Object({
  id: Type.String(),
  service: Type.String(),
  by: Type.String(),
  beganMs: Type.Number(),
  outcome: Type.Enum(["under way", "promoted", "rolled back", "held"]),
  /** Its phase in words, and since when. */
  doing: Type.String(),
  sinceMs: Type.Number(),
  reason: Type.String(),
  paused: Type.Boolean(),
  /** The process that runs it, by its last heartbeat; null without one. */
  carriedOut: orNull(Type.Object({ by: Type.String(), seenMs: Type.Number(), isAlive: Type.Boolean() })),
  /** The candidate's shares in percent. */
  steps: Type.Array(Type.Object({ percent: Type.Number(), state: Type.Enum(["done", "now", "to come"]) })),
  /** The candidate's share in percent: as written, and of the requests at this step. */
  share: Type.Object({
    planned: Type.Number(),
    observed: orNull(Type.Number()),
    requests: Type.Integer(),
  }),
  /** Both revisions since the rollout began. */
  candidate: RolloutSide,
  baseline: RolloutSide,
  /** The judge's verdict so far; null before it judges. */
  verdict: orNull(
    Type.Object({
      verdict: Type.Enum(["healthy", "regressed", "undecided"]),
      because: Type.String(),
      /** Natural logarithms; a statement is proved at the threshold. */
      evidence: Type.Array(
        Type.Object({ name: Type.String(), value: Type.Number(), threshold: Type.Number() }),
      ),
      /** The time until the next step, if the evidence keeps growing as before; null if unknown. */
      inMs: orNull(Type.Number()),
    }),
  ),
});

/** The response of `GET /_mesh/state`. Times are milliseconds since the epoch. */
export const MeshState = Type.Object({
  /** Counts the configurations that came into force, from 1. */
  generation: Type.Integer(),
  nowMs: Type.Number(),
  startedMs: Type.Number(),
  appliedMs: Type.Number(),
  root: Type.String(),
  port: Type.Integer(),
  localPort: Type.Integer(),
  /** The ports of Gateways besides the ingress gateway's main one. */
  gateways: Type.Array(
    Type.Object({
      /** For example `HTTPS, port 443`. */
      title: Type.String(),
      url: Type.String(),
      /** As `namespace/name`. */
      gateways: Type.Array(Type.String()),
    }),
  ),
  /** The covered time, and the width of a point of a series. */
  windowSeconds: Type.Integer(),
  stepSeconds: Type.Integer(),
  /** The errors of an edit that is not in force because of them. */
  problems: Type.Array(Told),
  /** Warnings about the configuration in force. */
  warnings: Type.Array(Told),
  /** The revisions that a valid edit waits for until they are ready. */
  waiting: Type.Array(Type.String()),
  services: Type.Array(ServiceState),
  rollouts: Type.Array(RolloutState),
  rules: Type.Array(RuleState),
  /** The faults that were set by hand. */
  faults: FaultsState,
  /** Requests that reached no revision. */
  unrouted: Type.Object(RATED),
});

/** The response of `GET /_mesh/process`: the process of the mesh, and the folder it runs from. */
export const MeshProcess = Type.Object({ pid: Type.Integer(), root: Type.String() });

export type TrafficState = Static<typeof TrafficState>;
export type SplitState = Static<typeof SplitState>;
export type RevisionView = Static<typeof RevisionView>;
export type ServiceState = Static<typeof ServiceState>;
export type RolloutState = Static<typeof RolloutState>;
export type RuleState = Static<typeof RuleState>;
export type MeshState = Static<typeof MeshState>;
