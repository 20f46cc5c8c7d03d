import { type RevisionState, RevisionRunner } from "./runner.ts";
import type { RevisionSpec } from "./spec.ts";

export interface RevisionPoolOptions {
  proxyUrl: string;
  /**
   * Milliseconds that count as one second of scaling, so that a test need not wait for a whole window.
   * @default 1000
   */
  scalingSecondMs?: number | undefined;
  onLine(spec: RevisionSpec, line: string): void;
  onState(spec: RevisionSpec, state: RevisionState, detail: string): void;
}

/** The runners of one configuration, by revision (`namespace/name`). */
export type Runners = ReadonlyMap<string, RevisionRunner>;

/** All running revisions. Successive configurations share a runner as long as its revision's template is the same. */
export class RevisionPool {
  readonly #options: RevisionPoolOptions;
  readonly #running = new Set<RevisionRunner>();
  readonly #ticks: Timer;

  constructor(options: RevisionPoolOptions) {
    this.#options = options;
    this.#ticks = setInterval(() => {
      for (const runner of this.#running) runner.tick();
    }, options.scalingSecondMs ?? 1000);
    this.#ticks.unref();
  }

  /** Returns a runner for each spec: an existing one with the same template, or a new one. */
  runnersFor(specs: readonly RevisionSpec[], ...existing: (Runners | undefined)[]): Runners {
    return new Map(
      specs.map((spec) => {
        const known = existing.map((runners) => runners?.get(spec.key));
        const same = known.find((runner) => runner?.spec.fingerprint === spec.fingerprint);
        return [spec.key, same ?? this.#run(spec)];
      }),
    );
  }

  /** Stops every runner that is in none of these sets, gracefully. */
  async retainOnly(...kept: Runners[]): Promise<void> {
    const keep = new Set(kept.flatMap((runners) => [...runners.values()]));
    const surplus = [...this.#running].filter((runner) => !keep.has(runner));
    for (const runner of surplus) this.#running.delete(runner);
    await Promise.all(surplus.map((runner) => runner.stop()));
  }

  /** Stops all runners gracefully. */
  stop(): Promise<void> {
    clearInterval(this.#ticks);
    return this.retainOnly();
  }

  /** Ends all processes at once. */
  kill(): void {
    clearInterval(this.#ticks);
    for (const runner of this.#running) runner.kill();
  }

  #run(spec: RevisionSpec): RevisionRunner {
    const { proxyUrl, onLine, onState } = this.#options;
    const runner = new RevisionRunner({
      spec,
      proxyUrl,
      onLine: (line) => onLine(spec, line),
      onState: (state, detail) => onState(spec, state, detail),
    });
    this.#running.add(runner);
    return runner;
  }
}
