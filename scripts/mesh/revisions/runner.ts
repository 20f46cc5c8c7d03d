import type { HttpClient } from "../http/client.ts";
import { within } from "../within.ts";
import { type RevisionProcess, startProcess } from "./process.ts";
import type { Place } from "./seat.ts";
import type { RevisionSpec } from "./spec.ts";

/** What a revision is doing. `failed` waits for its next start. */
export type RevisionState = "starting" | "ready" | "failed" | "stopping";

export interface RunnerOptions {
  spec: RevisionSpec;
  proxyUrl: string;
  onLine(line: string): void;
  /** The state changed; the sentence says why. */
  onState(state: RevisionState, detail: string): void;
}

/** A request that is held until the revision is ready. */
interface Waiter {
  resolve(client: HttpClient): void;
  reject(reason: Error): void;
  timer: Timer;
}

const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 30_000;
// Who has lived this long has recovered: the next crash starts with the first delay again.
const HEALTHY_AFTER_MS = 10_000;
const MAX_WAITING = 1_000;
const MAX_WAIT_MS = 10_000;

/** Keeps a revision running: starts it, tells when it is ready, and starts it again after it crashed. */
export class RevisionRunner {
  readonly spec: RevisionSpec;
  readonly #options: RunnerOptions;
  #process: RevisionProcess | undefined;
  #state: RevisionState = "starting";
  #detail = "";
  #delay = FIRST_DELAY_MS;
  #restart: Timer | undefined;
  readonly #waiting = new Set<Waiter>();
  readonly #everReady = Promise.withResolvers<void>();

  constructor(options: RunnerOptions) {
    this.spec = options.spec;
    this.#options = options;
    this.#start();
  }

  get state(): RevisionState {
    return this.#state;
  }

  /** Why the revision is in this state. */
  get detail(): string {
    return this.#detail;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Resolves when the revision has been ready once; never rejects. */
  get wasReady(): Promise<void> {
    return this.#everReady.promise;
  }

  /** The way to the revision. While it starts, a promise: requests are held for it, as Knative's activator holds them. */
  client(): HttpClient | Promise<HttpClient> {
    if (this.#state === "ready" && this.#process) return this.#process.client;
    if (this.#state === "failed" || this.#state === "stopping") {
      return Promise.reject(new Error(`${this.spec.name} is not running: ${this.#detail}`));
    }
    if (this.#waiting.size >= MAX_WAITING) {
      return Promise.reject(
        new Error(`${this.spec.name} is starting, and ${MAX_WAITING} requests wait for it already`),
      );
    }
    const { promise, resolve, reject } = Promise.withResolvers<HttpClient>();
    const timer = setTimeout(() => {
      this.#waiting.delete(waiter);
      reject(new Error(`${this.spec.name} did not become ready in ${MAX_WAIT_MS / 1000} s`));
    }, MAX_WAIT_MS);
    const waiter: Waiter = { resolve, reject, timer };
    this.#waiting.add(waiter);
    return promise;
  }

  /** A place for one request. */
  seat(): Place {
    const client = this.client();
    const leave = (): void => {};
    if (!(client instanceof Promise)) return { client, cold: false, leave };
    return { client: undefined, seat: client.then((ready) => ({ client: ready, cold: true, leave })), leave };
  }

  /** Ends the revision for good; requests under way finish first. */
  async stop(): Promise<void> {
    if (this.#waiting.size > 0) await within(MAX_WAIT_MS, this.wasReady);
    clearTimeout(this.#restart);
    this.#become("stopping", "");
    this.#refuseWaiting("it is being stopped");
    await this.#process?.stop();
  }

  kill(): void {
    clearTimeout(this.#restart);
    this.#become("stopping", "");
    this.#process?.kill();
  }

  #start(): void {
    const startedAt = performance.now();
    this.#become("starting", "");
    const { spec, proxyUrl, onLine } = this.#options;
    const started: RevisionProcess = startProcess({
      spec,
      proxyUrl,
      onLine,
      onExit: (how) => this.#onExit(started, how, performance.now() - startedAt),
    });
    this.#process = started;
    started.ready().then(
      (isReady) => isReady && this.#onReady(started, performance.now() - startedAt),
      (error: unknown) => {
        this.#options.onLine(error instanceof Error ? error.message : String(error));
        started.kill();
      },
    );
  }

  #onReady(ready: RevisionProcess, ms: number): void {
    if (this.#process !== ready || this.#state !== "starting") return;
    this.#become("ready", `in ${Math.round(ms)} ms`);
    this.#everReady.resolve();
    this.#release(({ resolve }) => resolve(ready.client));
  }

  #onExit(ended: RevisionProcess, how: string, livedMs: number): void {
    if (this.#process !== ended) return;
    this.#process = undefined;
    void ended.client.close();
    if (this.#state === "stopping") return;
    const wasUp = this.#state === "ready";
    if (livedMs > HEALTHY_AFTER_MS) this.#delay = FIRST_DELAY_MS;
    const delay = this.#delay;
    this.#delay = Math.min(delay * 2, MAX_DELAY_MS);
    // After its first crash requests are held for the restart; a revision that does not even start refuses them.
    const next = `${how}; starts again in ${delay / 1000} s`;
    if (wasUp && delay === FIRST_DELAY_MS) this.#become("starting", next);
    else this.#fail(next);
    this.#restart = setTimeout(() => this.#start(), delay);
  }

  #fail(detail: string): void {
    this.#become("failed", detail);
    this.#refuseWaiting(detail);
  }

  #refuseWaiting(detail: string): void {
    this.#release(({ reject }) => reject(new Error(`${this.spec.name} is not running: ${detail}`)));
  }

  #release(settle: (waiter: Waiter) => void): void {
    for (const waiter of this.#waiting) {
      clearTimeout(waiter.timer);
      settle(waiter);
    }
    this.#waiting.clear();
  }

  #become(state: RevisionState, detail: string): void {
    this.#state = state;
    this.#detail = detail;
    this.#options.onState(state, detail);
  }
}
