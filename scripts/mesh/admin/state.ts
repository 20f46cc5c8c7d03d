import type { Problem } from "../../manifests/problem.ts";
import { CONFIDENCE, wilson } from "../../traffic/wilson.ts";
import type { Configuration } from "../configuration.ts";
import type { Range } from "../observe/request-counter.ts";
import { type Measured, Meter, type Sums } from "../observe/request-meter.ts";
import type { FaultsState } from "../faults/fault.ts";
import type { Observer } from "../observe/observer.ts";
import type { SplitCount } from "../observe/split-counts.ts";
import type { RevisionState } from "../revisions/runner.ts";
import { ruleStates } from "./rules.ts";
import type { MeshState, RevisionView, ServiceState, SplitState, TrafficState } from "./schema.ts";

/** The state of a revision, and the reason. */
export interface RevisionStatus {
  state: RevisionState;
  detail: string;
}

export interface StateSource {
  loaded: Configuration;
  observer: Observer;
  faults: FaultsState;
  /** By `namespace/name`. */
  revisions: ReadonlyMap<string, RevisionStatus>;
  root: string;
  port: number;
  localPort: number;
  gateways: MeshState["gateways"];
  startedMs: number;
  nowMs: number;
  /** The time range of the figures. */
  range: Range;
  rollouts: MeshState["rollouts"];
}

/** The state of a running mesh, as `GET /_mesh/state` returns it. */
export function meshState(source: StateSource): MeshState {
  const { loaded, observer } = source;
  return {
    generation: observer.generation,
    nowMs: source.nowMs,
    startedMs: source.startedMs,
    appliedMs: observer.appliedAt,
    root: source.root,
    port: source.port,
    localPort: source.localPort,
    gateways: source.gateways,
    windowSeconds: source.range.seconds,
    stepSeconds: source.range.step,
    problems: observer.rejected.map(told),
    warnings: loaded.warnings.filter(({ severity }) => severity === "warning").map(told),
    waiting: [...observer.waiting],
    services: serviceStates(source),
    rollouts: source.rollouts,
    rules: rulesOf(loaded),
    faults: source.faults,
    unrouted: observer.unrouted(source.range),
  };
}

/** The rules of each configuration, described once. */
const rules = new WeakMap<Configuration, MeshState["rules"]>();

function rulesOf(loaded: Configuration): MeshState["rules"] {
  const known = rules.get(loaded) ?? ruleStates(loaded);
  rules.set(loaded, known);
  return known;
}

/** The measurements of a revision that is not in force yet. */
const NEW = new Meter();

function serviceStates({ loaded, observer, revisions, range }: StateSource): ServiceState[] {
  const inflows = Map.groupBy(observer.inflows(range), ({ service }) => service);
  const splits = Map.groupBy(observer.splits, ({ service }) => service);
  return loaded.plan.services.map((service) => {
    const { name, namespace, visibility } = service;
    const tags = Map.groupBy(service.traffic, ({ revision }) => revision);
    return {
      name,
      namespace,
      visibility,
      splits: (splits.get(service) ?? []).map(splitState),
      revisions: service.revisions.map((revision): RevisionView => {
        const key = `${namespace}/${revision.name}`;
        return {
          name: revision.name,
          tags: (tags.get(revision.name) ?? []).flatMap(({ tag }) => tag ?? []),
          ...statusOf(revisions.get(key)),
          traffic: trafficState(observer.revision(key, range) ?? NEW.measured(0)),
        };
      }),
      inflows: (inflows.get(`${namespace}/${name}`) ?? []).map(({ service: _, ...inflow }) => inflow),
    };
  });
}

function splitState({ split, route, service, since, counts, buckets }: SplitCount): SplitState {
  const { by, object, at, deciding, header, targets } = split;
  const requests = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const names = new Set([
    ...targets.map(({ revision }) => revision),
    ...[...counts.keys()].map((key) => key.slice(service.namespace.length + 1)),
  ]);
  return {
    by,
    object,
    at,
    route,
    deciding,
    ...(header === undefined ? {} : { header }),
    targets: targets.map(({ revision, tag, percent, latest }) => ({
      revision,
      tag: tag ?? null,
      percent,
      latest,
    })),
    observed: {
      sinceMs: since,
      requests,
      confidence: CONFIDENCE,
      revisions: [...names].map((revision) => {
        const count = counts.get(`${service.namespace}/${revision}`) ?? 0;
        const { low, high } = wilson(count, requests);
        const seen = buckets.get(`${service.namespace}/${revision}`)?.size ?? 0;
        const ofBuckets = header === undefined ? {} : { buckets: seen };
        return { revision, count, ...ofBuckets, share: requests === 0 ? 0 : count / requests, low, high };
      }),
    },
  };
}

const STATES: Readonly<Record<RevisionState, RevisionView["state"]>> = {
  idle: "at zero",
  starting: "starting",
  ready: "ready",
  failed: "failed",
  stopping: "stopped",
};

function statusOf(status: RevisionStatus | undefined): Pick<RevisionView, "state" | "reason"> {
  if (status === undefined) return { state: "stopped", reason: "" };
  return { state: STATES[status.state], reason: status.detail };
}

function trafficState({ series, rate, recent, ...sums }: Measured): TrafficState {
  return { ...sumsState(sums), rate, recent, series: series.map(sumsState) };
}

function sumsState({ requests, errors, p50Ms, p90Ms, p99Ms }: Sums): TrafficState["series"][number] {
  return { requests, errors, p50Ms: p50Ms ?? null, p90Ms: p90Ms ?? null, p99Ms: p99Ms ?? null };
}

function told({ severity, at, field, message, fix }: Problem): MeshState["problems"][number] {
  return { severity, at, field, message, fix: fix ?? null };
}
