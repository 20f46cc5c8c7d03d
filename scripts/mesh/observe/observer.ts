import type { Problem } from "../../manifests/problem.ts";
import type { LocalListener } from "../../traffic/table.ts";
import type { Configuration } from "../configuration.ts";
import type { Served } from "../relay/relay-options.ts";
import { type Counts, Counter, type Range } from "./request-counter.ts";
import { type Measured, Meter } from "./request-meter.ts";
import { countRequest, startSplitCounts, type SplitCounts, type SplitCount } from "./split-counts.ts";

/** The listener by which requests to a service enter. */
export interface Inflow extends Counts {
  listener: LocalListener;
  /** `namespace/name` of the Knative Service. */
  service: string;
  /** Requests per second, over the last ten. */
  rate: number;
}

/** The counters of one revision, found by one look-up per request. */
interface RevisionCounters {
  /** `namespace/name` of its Knative Service. */
  service: string;
  meter: Meter;
  /** The inflows of its service. */
  inflows: Map<LocalListener, Counter>;
}

/** Counts the requests that the mesh serves, and keeps the state of its configuration. */
export class Observer {
  readonly #nowMs: () => number;
  #revisions: ReadonlyMap<string, RevisionCounters> = new Map();
  /** Requests that reached no revision: without a route, redirected, or answered by a rule. */
  readonly #unrouted = new Counter();
  #splits: SplitCounts | undefined;

  generation = 0;
  appliedAt = 0;
  /** The errors of the last edit, if it was invalid. */
  rejected: readonly Problem[] = [];
  /** The revisions that an edit waits for. */
  waiting: readonly string[] = [];

  /** @param nowMs the time in milliseconds since the epoch */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  applied(now: Configuration): void {
    this.generation++;
    this.appliedAt = this.#nowMs();
    this.rejected = [];
    this.waiting = [];
    this.#splits = startSplitCounts(now, this.#splits, this.appliedAt);
    const before = this.#revisions;
    const inflows = new Map([...before.values()].map((record) => [record.service, record.inflows]));
    this.#revisions = new Map(
      now.specs.map(({ key, service: name }) => {
        const service = `${key.split("/")[0]}/${name}`;
        const own = inflows.get(service) ?? new Map<LocalListener, Counter>();
        inflows.set(service, own);
        return [key, { service, meter: before.get(key)?.meter ?? new Meter(), inflows: own }];
      }),
    );
  }

  served({ revision, hops, listener, ms, status, brokenBy, cold, header }: Served): void {
    const now = this.#nowMs() / 1000;
    // A request that the client aborted is not evidence about the revision.
    const aborted = brokenBy === "client";
    const failed = !aborted && (status >= 500 || brokenBy === "revision");
    const record = revision === undefined ? undefined : this.#revisions.get(revision);
    if (revision === undefined || record === undefined) return this.#unrouted.count(Math.floor(now), failed);
    for (const { rule } of hops) {
      const split = this.#splits?.byRule.get(rule);
      if (split !== undefined) countRequest(split, revision, header);
    }
    record.meter.record(now, aborted || cold ? undefined : ms, failed);
    let inflow = record.inflows.get(listener);
    if (inflow === undefined) record.inflows.set(listener, (inflow = new Counter()));
    inflow.count(Math.floor(now), failed);
  }

  /** Returns the split that chose the request's revision, if any. */
  splitOf({ hops }: Served): SplitCount | undefined {
    return hops.map(({ rule }) => this.#splits?.byRule.get(rule)).findLast((split) => split !== undefined);
  }

  /** Returns `namespace/name` of the Knative Service that a revision belongs to. */
  serviceOf(revision: string): string | undefined {
    return this.#revisions.get(revision)?.service;
  }

  get splits(): readonly SplitCount[] {
    return this.#splits?.all ?? [];
  }

  /** Returns the measurements of a revision of the configuration in force. */
  revision(key: string, range?: Range): Measured | undefined {
    return this.#revisions.get(key)?.meter.measured(this.#nowMs() / 1000, range);
  }

  inflows(range?: Range): Inflow[] {
    const now = this.#nowMs() / 1000;
    const byService = new Map(
      [...this.#revisions.values()].map(({ service, inflows }) => [service, inflows]),
    );
    return [...byService].flatMap(([service, inflows]) =>
      [...inflows].map(([listener, counter]) => ({ listener, service, ...counter.total(now, range) })),
    );
  }

  unrouted(range?: Range): Counts & { rate: number } {
    return this.#unrouted.total(this.#nowMs() / 1000, range);
  }
}
