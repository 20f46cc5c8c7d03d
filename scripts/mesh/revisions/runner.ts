import type { HttpClient } from "../http/client.ts";
import { within } from "./within.ts";
import { Autoscaler } from "./autoscaler.ts";
import { Pod } from "./pod.ts";
import { type ProcessSlots, rejected, RequestQueue, type Reservation } from "./request-queue.ts";
import type { RevisionSpec } from "./spec.ts";

/** The state of a revision. `idle` has no process and starts one for the next request; `failed` waits for its next restart. */
export type RevisionState = "idle" | "starting" | "ready" | "failed" | "stopping";

export interface RunnerOptions {
  spec: RevisionSpec;
  proxyUrl: string;
  onLine(line: string): void;
  /** Called when the state or the number of processes changes, with the reason in `detail`. */
  onState(state: RevisionState, detail: string): void;
}

// The queue depth of Knative's activator. (serving, cmd/activator/main.go and pkg/activator/net/throttler.go, breakerQueueDepth)
const MAX_WAITING = 10_000;
// How long requests for a removed revision continue to wait.
const MAX_LAST_WAIT_MS = 10_000;

/** Runs one revision: as many processes as its scaling requires, and the queue of requests for them. */
export class RevisionRunner {
  readonly spec: RevisionSpec;
  readonly #options: RunnerOptions;
  readonly #queue: RequestQueue;
  readonly #autoscaler: Autoscaler;
  /** In the order of their start, with the slots of those that are ready. */
  readonly #pods = new Map<Pod, ProcessSlots | undefined>();
  /** Pods that are stopping. */
  readonly #leaving = new Set<Pod>();
  #state: RevisionState = "idle";
  #detail = "";
  readonly #everReady = Promise.withResolvers<void>();
  #hasBeenReady = false;

  constructor(options: RunnerOptions) {
    this.spec = options.spec;
    this.#options = options;
    const { scaling } = options.spec;
    this.#queue = new RequestQueue({
      name: options.spec.name,
      limit: scaling.limit,
      maxWaiting: MAX_WAITING,
      clock: () => performance.now(),
    });
    this.#autoscaler = new Autoscaler(scaling);
    if (scaling.initial > 0) this.#grow(scaling.initial);
    else {
      this.#markReady();
      this.#setState("idle", "starts with the first request");
    }
  }

  get state(): RevisionState {
    return this.#state;
  }

  /** Why the revision is in this state. */
  get detail(): string {
    return this.#detail;
  }

  /** The running processes, in the order of their start. */
  get processes(): readonly { pid: number; port: number }[] {
    return [...this.#pods.keys(), ...this.#leaving].flatMap(({ process }) =>
      process === undefined ? [] : [{ pid: process.pid, port: process.port }],
    );
  }

  /** Resolves when the revision has been ready once; never rejects. */
  get wasReady(): Promise<void> {
    return this.#everReady.promise;
  }

  /**
   * Reserves a slot for one request. If there is no process, one is started, and the request is held until it is
   * ready.
   * @param tried processes that get the request only if no other can serve it
   * @param key keeps requests with the same key on one process
   */
  reserve(tried?: ReadonlySet<HttpClient>, key?: string): Reservation {
    if (this.#state === "failed" || this.#state === "stopping") {
      return rejected(`${this.spec.name} is not running: ${this.#detail}`);
    }
    const reservation = this.#queue.reserve(tried, key);
    if (this.#state === "idle") {
      this.#autoscaler.restart();
      this.#grow(this.spec.scaling.activation);
    }
    return reservation;
  }

  /** Starts and stops processes for the load of the last second. Called every second. */
  tick(): void {
    if (this.#state === "stopping") return;
    const load = this.#queue.readLoad();
    // A revision that has never been ready is not scaled to zero: it keeps restarting, so that its error is seen.
    if (!this.#hasBeenReady || this.#pods.size === 0) return;
    const wanted = this.#autoscaler.next(load, this.#queue.open);
    if (wanted > this.#pods.size) this.#grow(wanted);
    else if (wanted < this.#pods.size && (wanted > 0 || this.#queue.requests === 0)) this.#shrink(wanted);
  }

  /** Stops the revision for good; requests in flight finish first. */
  async stop(): Promise<void> {
    await within(MAX_LAST_WAIT_MS, this.#queue.noneWaiting());
    this.#setState("stopping", "");
    this.#rejectWaiting("it is being stopped");
    await Promise.all([...this.#pods.keys(), ...this.#leaving].map((pod) => pod.stop()));
  }

  /** Ends all processes at once. */
  kill(): void {
    this.#setState("stopping", "");
    this.#rejectWaiting("it is being stopped");
    for (const pod of [...this.#pods.keys(), ...this.#leaving]) pod.kill();
  }

  #grow(count: number): void {
    const { spec, proxyUrl, onLine } = this.#options;
    while (this.#pods.size < count) {
      const pod: Pod = new Pod({
        spec,
        proxyUrl,
        onLine,
        onStart: () => this.#queue.open === 0 && this.#setState("starting", ""),
        onReady: (client, detail) => this.#onReady(pod, client, detail),
        onDown: (detail) => this.#onDown(pod, detail),
      });
      this.#pods.set(pod, undefined);
      pod.start();
    }
  }

  /** Stops pods that are not ready first, then the newest: the oldest have the warmest caches. */
  #shrink(count: number): void {
    const keepFirst = [...this.#pods].sort(
      ([, a], [, b]) => Number(b !== undefined) - Number(a !== undefined),
    );
    for (const [pod, slots] of keepFirst.slice(count)) {
      this.#pods.delete(pod);
      this.#leaving.add(pod);
      void this.#drain(pod, slots);
    }
    if (count > 0) return this.#setState(this.#state, this.#count());
    const { windowSeconds, retentionSeconds } = this.spec.scaling;
    this.#setState(
      "idle",
      `was scaled to zero after ${windowSeconds + retentionSeconds} s without a request`,
    );
  }

  async #drain(pod: Pod, slots: ProcessSlots | undefined): Promise<void> {
    // The grace period of a Knative pod is the revision's timeoutSeconds.
    if (slots !== undefined) await within(this.spec.timeoutMs, this.#queue.remove(slots));
    await pod.stop();
    this.#leaving.delete(pod);
  }

  #onReady(pod: Pod, client: HttpClient, detail: string): void {
    if (!this.#pods.has(pod)) return;
    this.#pods.set(pod, this.#queue.add(client));
    this.#markReady();
    this.#setState("ready", this.#pods.size === 1 ? detail : `${detail}, ${this.#count()}`);
  }

  #onDown(pod: Pod, detail: string): void {
    const slots = this.#pods.get(pod);
    if (slots !== undefined) void this.#queue.remove(slots);
    if (this.#pods.has(pod)) this.#pods.set(pod, undefined);
    if (this.#state === "stopping") return;
    if (this.#queue.open > 0) return this.#setState("ready", `${this.#count()}: one ${detail}`);
    const isFailed = [...this.#pods.keys()].every(({ state }) => state === "failed");
    this.#setState(isFailed ? "failed" : "starting", detail);
    if (isFailed) this.#rejectWaiting(detail);
  }

  #count(): string {
    const [open, all] = [this.#queue.open, this.#pods.size];
    if (open < all) return `with ${open} of ${all} processes`;
    return all === 1 ? "with 1 process" : `with ${all} processes`;
  }

  #markReady(): void {
    this.#hasBeenReady = true;
    this.#everReady.resolve();
  }

  #rejectWaiting(detail: string): void {
    this.#queue.rejectWaiting(`${this.spec.name} is not running: ${detail}`);
  }

  #setState(state: RevisionState, detail: string): void {
    this.#state = state;
    this.#detail = detail;
    this.#options.onState(state, detail);
  }
}
