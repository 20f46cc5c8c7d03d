import type { Kube } from "../client.ts";
import { watch, type Watched, type WatchOptions } from "../watch.ts";

const CONFIG_MAP = { apiVersion: "v1", kind: "ConfigMap" };
// Far longer than a step takes; a test that waits in vain reports for what.
const PATIENCE_MS = 5_000;

/** A watch of the ConfigMaps in namespace `a`, and its callbacks. */
export class RecordedWatch implements AsyncDisposable {
  /** For each call, the names with the value of each: `x=1 y=2`. */
  readonly states: string[] = [];
  readonly troubles: string[] = [];
  /** How the watch ended. */
  readonly ended: Promise<Error | undefined>;
  readonly #controller = new AbortController();
  #changed = Promise.withResolvers<void>();

  constructor(kube: Kube, options: Partial<WatchOptions> = {}) {
    const all: WatchOptions = {
      namespace: "a",
      signal: this.#controller.signal,
      maxPauseMs: 20,
      onTrouble: (error) => this.troubles.push(error.message),
      ...options,
    };
    this.ended = watch(kube, CONFIG_MAP, all, (objects) => this.#called(objects)).then(
      () => undefined,
      (error: Error) => error,
    );
  }

  /** Waits until it called back with this state. */
  async until(state: string): Promise<void> {
    const giveUpAt = performance.now() + PATIENCE_MS;
    const ended = this.ended.then((error) => `; it ended: ${error?.message}`);
    let end = "";
    while (!this.states.includes(state)) {
      const left = giveUpAt - performance.now();
      if (left <= 0 || end !== "") throw new Error(`no ${state} came, but ${this.states.join(", ")}${end}`);
      const late = Promise.withResolvers<string>();
      const timer = setTimeout(() => late.resolve(""), left);
      end = await Promise.race([this.#changed.promise.then(() => ""), ended, late.promise]);
      clearTimeout(timer);
    }
  }

  /** Gives the signal; resolves with how long the watch took to end. */
  async stop(): Promise<number> {
    const start = performance.now();
    this.#controller.abort();
    await this.ended;
    return performance.now() - start;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #called(objects: Watched): void {
    const names = [...objects.values()].map(({ metadata }) => `${metadata.name}=${metadata.labels?.["v"]}`);
    this.states.push(names.join(" "));
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
