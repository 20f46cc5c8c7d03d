import type { HttpClient } from "../http/client.ts";
import { type RevisionProcess, startProcess } from "./process.ts";
import type { RevisionSpec } from "./spec.ts";
import { messageOf } from "../../text/message-of.ts";

/** The state of a process. `failed` waits for its next restart. */
export type PodState = "starting" | "ready" | "failed" | "stopping";

export interface PodOptions {
  spec: RevisionSpec;
  proxyUrl: string;
  onLine(line: string): void;
  onStart(): void;
  onReady(client: HttpClient, detail: string): void;
  /** Called when the process ended on its own. It will be restarted; in state `failed` that may take long. */
  onDown(detail: string): void;
}

const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 30_000;
// A process that ran for this long has recovered: the next crash starts with the first delay again.
const HEALTHY_AFTER_MS = 10_000;

/** Keeps one process of a revision running: starts it, reports when it is ready, and restarts it after a crash. */
export class Pod {
  readonly #options: PodOptions;
  #process: RevisionProcess | undefined;
  #state: PodState = "starting";
  #delay = FIRST_DELAY_MS;
  #restart: Timer | undefined;

  constructor(options: PodOptions) {
    this.#options = options;
  }

  get state(): PodState {
    return this.#state;
  }

  /** The process, while there is one. */
  get process(): { pid: number; port: number } | undefined {
    return this.#process;
  }

  start(): void {
    const startedAt = performance.now();
    this.#state = "starting";
    const { spec, proxyUrl, onLine, onStart } = this.#options;
    onStart();
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
        onLine(messageOf(error));
        started.kill();
      },
    );
  }

  /** Stops the process for good; requests in flight finish first. */
  async stop(): Promise<void> {
    clearTimeout(this.#restart);
    this.#state = "stopping";
    await this.#process?.stop();
  }

  /** Ends the process at once. */
  kill(): void {
    clearTimeout(this.#restart);
    this.#state = "stopping";
    this.#process?.kill();
  }

  #onReady(ready: RevisionProcess, ms: number): void {
    if (this.#process !== ready || this.#state !== "starting") return;
    this.#state = "ready";
    this.#options.onReady(ready.client, `in ${Math.round(ms)} ms`);
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
    // After a first crash requests wait for the restart; a revision that does not start at all rejects them.
    this.#state = wasUp && delay === FIRST_DELAY_MS ? "starting" : "failed";
    this.#restart = setTimeout(() => this.start(), delay);
    this.#options.onDown(`${how}; starts again in ${delay / 1000} s`);
  }
}
