import { type RevisionState, RevisionRunner } from "./runner.ts";
import type { RevisionSpec } from "./spec.ts";

export interface FleetOptions {
  proxyUrl: string;
  /** How long a second is for the scaling, in milliseconds: a test has no time to wait for a whole window. @default 1000 */
  scalingSecondMs?: number | undefined;
  onLine(spec: RevisionSpec, line: string): void;
  onState(spec: RevisionSpec, state: RevisionState, detail: string): void;
}

/** The runners of one state of the configuration, by revision (`namespace/name`). */
export type Crew = ReadonlyMap<string, RevisionRunner>;

/** All revisions that run. Runners pass from one state of the configuration to the next while their template stays. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #running = new Set<RevisionRunner>();
  readonly #ticks: Timer;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#ticks = setInterval(() => {
      for (const runner of this.#running) runner.tick();
    }, options.scalingSecondMs ?? 1000);
    this.#ticks.unref();
  }

  /** A runner for each spec: one of these crews where its template is the same there, else a new one beside it. */
  crew(specs: readonly RevisionSpec[], ...existing: (Crew | undefined)[]): Crew {
    return new Map(
      specs.map((spec) => {
        const known = existing.map((crew) => crew?.get(spec.key));
        const same = known.find((runner) => runner?.spec.fingerprint === spec.fingerprint);
        return [spec.key, same ?? this.#run(spec)];
      }),
    );
  }

  /** Ends every runner that none of these crews has, in order. */
  async retire(...kept: Crew[]): Promise<void> {
    const keep = new Set(kept.flatMap((crew) => [...crew.values()]));
    const surplus = [...this.#running].filter((runner) => !keep.has(runner));
    for (const runner of surplus) this.#running.delete(runner);
    await Promise.all(surplus.map((runner) => runner.stop()));
  }

  /** Ends all in order; nothing is started any more. */
  stop(): Promise<void> {
    clearInterval(this.#ticks);
    return this.retire();
  }

  /** Ends all at once. */
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
