import type { HttpClient } from "../http/client.ts";
import { within } from "../within.ts";
import { Autoscaler } from "./autoscaler.ts";
import { Pod } from "./pod.ts";
import { type Place, refused } from "./seat.ts";
import { type Row, Seats } from "./seats.ts";
import type { RevisionSpec } from "./spec.ts";

/** What a revision is doing. `idle` has no process and waits for a request; `failed` waits for its next start. */
export type RevisionState = "idle" | "starting" | "ready" | "failed" | "stopping";

export interface RunnerOptions {
  spec: RevisionSpec;
  proxyUrl: string;
  onLine(line: string): void;
  /** The state changed, or its processes did; the sentence says why. */
  onState(state: RevisionState, detail: string): void;
}

// Knative's activator holds as many (serving, cmd/activator/main.go and pkg/activator/net/throttler.go, breakerQueueDepth).
const MAX_WAITING = 10_000;
// Held requests of a revision that is taken away get this long.
const MAX_LAST_WAIT_MS = 10_000;

/** Runs one revision: as many processes as its scaling asks for, and the requests' places at them. */
export class RevisionRunner {
  readonly spec: RevisionSpec;
  readonly #options: RunnerOptions;
  readonly #seats: Seats;
  readonly #autoscaler: Autoscaler;
  /** What runs, in the order of its start, with the places of those that are ready. */
  readonly #pods = new Map<Pod, Row | undefined>();
  /** What was told to end and has not yet. */
  readonly #leaving = new Set<Pod>();
  #state: RevisionState = "idle";
  #detail = "";
  readonly #everReady = Promise.withResolvers<void>();
  #hasBeenReady = false;

  constructor(options: RunnerOptions) {
    this.spec = options.spec;
    this.#options = options;
    const { scaling } = options.spec;
    this.#seats = new Seats({
      name: options.spec.name,
      limit: scaling.limit,
      maxWaiting: MAX_WAITING,
      clock: () => performance.now(),
    });
    this.#autoscaler = new Autoscaler(scaling);
    if (scaling.initial > 0) this.#grow(scaling.initial);
    else {
      this.#noteReady();
      this.#become("idle", "starts with its first request");
    }
  }

  get state(): RevisionState {
    return this.#state;
  }

  /** Why the revision is in this state. */
  get detail(): string {
    return this.#detail;
  }

  /** The processes that run, in the order of their start. */
  get processes(): readonly { pid: number; port: number }[] {
    return [...this.#pods.keys(), ...this.#leaving].flatMap(({ process }) =>
      process === undefined ? [] : [{ pid: process.pid, port: process.port }],
    );
  }

  /** Resolves when the revision could take requests once; never rejects. */
  get wasReady(): Promise<void> {
    return this.#everReady.promise;
  }

  /**
   * A place for one request. While there is no process one is started, and the request is held for it.
   * @param tried processes that get it only where no other can take it
   */
  seat(tried?: ReadonlySet<HttpClient>): Place {
    if (this.#state === "failed" || this.#state === "stopping") {
      return refused(`${this.spec.name} is not running: ${this.#detail}`);
    }
    const place = this.#seats.take(tried);
    if (this.#state === "idle") {
      this.#autoscaler.restart();
      this.#grow(this.spec.scaling.activation);
    }
    return place;
  }

  /** Called every second: starts and ends processes as the load of that second asks for. */
  tick(): void {
    if (this.#state === "stopping") return;
    const load = this.#seats.readLoad();
    // What never came up is not taken away for want of requests: it has to say what is wrong with it.
    if (!this.#hasBeenReady || this.#pods.size === 0) return;
    const wanted = this.#autoscaler.next(load, this.#seats.open);
    if (wanted > this.#pods.size) this.#grow(wanted);
    else if (wanted < this.#pods.size && (wanted > 0 || this.#seats.requests === 0)) this.#shrink(wanted);
  }

  /** Ends the revision for good; requests under way finish first. */
  async stop(): Promise<void> {
    await within(MAX_LAST_WAIT_MS, this.#seats.noneWaiting());
    this.#become("stopping", "");
    this.#refuseWaiting("it is being stopped");
    await Promise.all([...this.#pods.keys(), ...this.#leaving].map((pod) => pod.stop()));
  }

  /** Ends all processes at once. */
  kill(): void {
    this.#become("stopping", "");
    this.#refuseWaiting("it is being stopped");
    for (const pod of [...this.#pods.keys(), ...this.#leaving]) pod.kill();
  }

  #grow(count: number): void {
    const { spec, proxyUrl, onLine } = this.#options;
    while (this.#pods.size < count) {
      const pod: Pod = new Pod({
        spec,
        proxyUrl,
        onLine,
        onStart: () => this.#seats.open === 0 && this.#become("starting", ""),
        onReady: (client, detail) => this.#onReady(pod, client, detail),
        onDown: (detail) => this.#onDown(pod, detail),
      });
      this.#pods.set(pod, undefined);
      pod.start();
    }
  }

  /** Ends first what is not ready, and of the others the newest: the oldest is the warmest. */
  #shrink(count: number): void {
    const byWorth = [...this.#pods].sort(([, a], [, b]) => Number(b !== undefined) - Number(a !== undefined));
    for (const [pod, row] of byWorth.slice(count)) {
      this.#pods.delete(pod);
      this.#leaving.add(pod);
      void this.#drain(pod, row);
    }
    if (count > 0) return this.#become(this.#state, this.#count());
    const { windowSeconds, retentionSeconds } = this.spec.scaling;
    this.#become("idle", `was scaled to zero after ${windowSeconds + retentionSeconds} s without a request`);
  }

  async #drain(pod: Pod, row: Row | undefined): Promise<void> {
    // Kubernetes gives a pod of Knative as long as a request may take.
    if (row !== undefined) await within(this.spec.timeoutMs, this.#seats.remove(row));
    await pod.stop();
    this.#leaving.delete(pod);
  }

  #onReady(pod: Pod, client: HttpClient, detail: string): void {
    if (!this.#pods.has(pod)) return;
    this.#pods.set(pod, this.#seats.add(client));
    this.#noteReady();
    this.#become("ready", this.#pods.size === 1 ? detail : `${detail}, ${this.#count()}`);
  }

  #onDown(pod: Pod, detail: string): void {
    const row = this.#pods.get(pod);
    if (row !== undefined) void this.#seats.remove(row);
    if (this.#pods.has(pod)) this.#pods.set(pod, undefined);
    if (this.#state === "stopping") return;
    if (this.#seats.open > 0) return this.#become("ready", `${this.#count()}: one ${detail}`);
    const isFailed = [...this.#pods.keys()].every(({ state }) => state === "failed");
    this.#become(isFailed ? "failed" : "starting", detail);
    if (isFailed) this.#refuseWaiting(detail);
  }

  #count(): string {
    const [open, all] = [this.#seats.open, this.#pods.size];
    if (open < all) return `with ${open} of ${all} processes`;
    return all === 1 ? "with 1 process" : `with ${all} processes`;
  }

  #noteReady(): void {
    this.#hasBeenReady = true;
    this.#everReady.resolve();
  }

  #refuseWaiting(detail: string): void {
    this.#seats.refuse(`${this.spec.name} is not running: ${detail}`);
  }

  #become(state: RevisionState, detail: string): void {
    this.#state = state;
    this.#detail = detail;
    this.#options.onState(state, detail);
  }
}
