import type { Done, Ready, Task } from "./messages.ts";
import { race } from "./race.ts";
import { SCENARIOS } from "./scenarios.ts";

declare const self: Worker;

/** Runs the races of each received task, and sends their results. */
self.onmessage = ({ data }: MessageEvent<Task>): void => {
  const scenario = SCENARIOS[data.scenario];
  if (scenario === undefined) throw new RangeError(`there is no scenario ${data.scenario}`);
  const finishes = data.seeds.map((seed) => race(scenario, data.rate, seed));
  self.postMessage({ kind: "done", id: data.id, finishes } satisfies Done);
};

self.postMessage({ kind: "ready" } satisfies Ready);
