import { expect, test } from "bun:test";
import fc from "fast-check";
import { Histogram as Reference, Registry } from "prom-client";
import { createHistogram } from "./histogram.ts";

const BOUNDS = [0.1, 1, 5];

test("a histogram has the same text as prom-client's for the same observations", async () => {
  const observation = fc.record({
    who: fc.constantFrom("a", 'b"\\\n', "c"),
    value: fc.float({ min: 0, max: 10, noNaN: true }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(observation, { maxLength: 30 }), async (observations) => {
      const options = { name: "h", help: "Some help." };
      const registry = new Registry();
      const reference = new Reference({
        ...options,
        labelNames: ["who"],
        buckets: BOUNDS,
        registers: [registry],
      });
      const ours = createHistogram({ ...options, labels: ["who"], bounds: BOUNDS });
      const series = new Map<string, ReturnType<typeof ours.series>>();
      for (const { who, value } of observations) {
        reference.labels(who).observe(value);
        if (!series.has(who)) series.set(who, ours.series(who));
        series.get(who)?.observe(value);
      }
      expect(ours.text()).toBe(await registry.metrics());
    }),
  );
});
