import { createLog } from "../telemetry/log.ts";
import { createMetrics } from "../telemetry/metrics.ts";
import type { ServiceDeps } from "../service.ts";

/** A parsed line of the log. */
export type LogLine = Readonly<Record<string, unknown>>;

/** Dependencies of a service that a test can inspect. */
export interface FakeService {
  readonly deps: ServiceDeps;
  /** The log so far. */
  readonly lines: () => LogLine[];
  /** The same, as written. */
  readonly text: () => string;
  /** Advances the clock, in milliseconds. */
  readonly pass: (ms: number) => void;
}

/** Dependencies with a stopped clock, sequential ids (`id-1`, `id-2`, …), and a recorded log. */
export function fakeService({ service = "test", revision = "test-one" } = {}): FakeService {
  const written: string[] = [];
  let time = 0;
  let ids = 0;
  const log = createLog({
    service,
    revision,
    now: () => Date.UTC(2026, 0, 2, 3, 4, 5) + time,
    write: (line) => written.push(line()),
  });
  return {
    deps: {
      log,
      clock: () => time,
      newId: () => `id-${++ids}`,
      metrics: createMetrics({ revision }),
      activity: { draining: false, calls: 0 },
    },
    lines: () => written.map((line) => JSON.parse(line)),
    text: () => written.join(""),
    pass: (ms) => void (time += ms),
  };
}

/** A request to an application in memory. */
export const request = (path: string, init?: RequestInit): Request =>
  new Request(`http://localhost${path}`, init);
