import type { Problem } from "../../manifests/problem.ts";
import type { Listener } from "../../traffic/table.ts";
import type { Loaded } from "../load.ts";
import type { Served } from "../relay.ts";
import { type Counts, Counter } from "./counter.ts";
import { type Measured, Meter } from "./meter.ts";
import { beginTallies, type Tallies, type Tally } from "./tally.ts";

/** Where requests to a service come from: the listener by which they enter. */
export interface Inflow extends Counts {
  listener: Listener;
  /** `namespace/name` of the Knative Service. */
  service: string;
  /** Requests a second, over the last ten. */
  rate: number;
}

/** Counts what the mesh serves, and keeps what there is to say about its configuration. */
export class Observer {
  readonly #nowMs: () => number;
  readonly #revisions = new Map<string, Meter>();
  readonly #inflows = new Map<string, { listener: Listener; service: string; counter: Counter }>();
  /** Requests that no revision got: the ingress has no route, redirects or answers itself. */
  readonly #unrouted = new Counter();
  #services: ReadonlyMap<string, string> = new Map();
  #tallies: Tallies | undefined;

  generation = 0;
  appliedAt = 0;
  /** The errors of the last edit, when it was not valid. */
  rejected: readonly Problem[] = [];
  /** The revisions that an edit waits for. */
  waiting: readonly string[] = [];

  /** @param nowMs the time in milliseconds since the epoch */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  applied(now: Loaded): void {
    this.generation++;
    this.appliedAt = this.#nowMs();
    this.rejected = [];
    this.waiting = [];
    this.#tallies = beginTallies(now, this.#tallies, this.appliedAt);
    this.#services = new Map(now.specs.map(({ key, service }) => [key, `${key.split("/")[0]}/${service}`]));
    for (const key of this.#revisions.keys()) if (!this.#services.has(key)) this.#revisions.delete(key);
    const services = new Set(this.#services.values());
    for (const [key, { service }] of this.#inflows) if (!services.has(service)) this.#inflows.delete(key);
  }

  served({ revision, hops, listener, ms, status, brokenBy, cold }: Served): void {
    const now = this.#nowMs() / 1000;
    // Of a client that left nothing can be said about who should have answered.
    const left = brokenBy === "client";
    const failed = !left && (status >= 500 || brokenBy === "revision");
    const told = left || cold ? undefined : ms;
    const service = revision === undefined ? undefined : this.#services.get(revision);
    if (revision === undefined || service === undefined) return this.#unrouted.count(Math.floor(now), failed);
    for (const { rule } of hops) {
      const counts = this.#tallies?.byRule.get(rule)?.counts;
      counts?.set(revision, (counts.get(revision) ?? 0) + 1);
    }
    this.#revision(revision).record(now, told, failed);
    this.#inflow(listener, service).count(Math.floor(now), failed);
  }

  /** The split that decided where a request went, if one did. */
  splitOf({ hops }: Served): Tally | undefined {
    return hops.map(({ rule }) => this.#tallies?.byRule.get(rule)).findLast((tally) => tally !== undefined);
  }

  /** `namespace/name` of the Knative Service that a revision belongs to. */
  serviceOf(revision: string): string | undefined {
    return this.#services.get(revision);
  }

  get tallies(): readonly Tally[] {
    return this.#tallies?.all ?? [];
  }

  revision(key: string): Measured {
    return this.#revision(key).measured(this.#nowMs() / 1000);
  }

  inflows(): Inflow[] {
    const now = this.#nowMs() / 1000;
    return [...this.#inflows.values()].map(({ listener, service, counter }) => {
      return { listener, service, ...counter.total(now) };
    });
  }

  unrouted(): Counts & { rate: number } {
    return this.#unrouted.total(this.#nowMs() / 1000);
  }

  #revision(key: string): Meter {
    let meter = this.#revisions.get(key);
    if (meter === undefined) this.#revisions.set(key, (meter = new Meter()));
    return meter;
  }

  #inflow(listener: Listener, service: string): Counter {
    const key = `${listener} ${service}`;
    let inflow = this.#inflows.get(key);
    if (inflow === undefined) {
      inflow = { listener, service, counter: new Counter() };
      this.#inflows.set(key, inflow);
    }
    return inflow.counter;
  }
}
