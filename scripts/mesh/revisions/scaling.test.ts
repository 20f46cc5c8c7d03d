import { describe, expect, test } from "bun:test";
import { scalingOf } from "./scaling.ts";

type Annotations = Record<string, string>;

function scaling(annotations: Annotations = {}, containerConcurrency?: number): ReturnType<typeof scalingOf> {
  const full = Object.entries(annotations).map(([name, value]) => [`autoscaling.knative.dev/${name}`, value]);
  const concurrency = containerConcurrency === undefined ? {} : { containerConcurrency };
  return scalingOf(
    {
      metadata: { annotations: Object.fromEntries(full) },
      spec: { containers: [{ image: "a" }], ...concurrency },
    },
    4,
  );
}

describe("a revision's scaling", () => {
  test("is Knative's own without annotations, except for at most one process per processor", () => {
    expect(scaling()).toEqual({
      min: 0,
      max: 4,
      initial: 1,
      activation: 1,
      target: 70,
      limit: Number.POSITIVE_INFINITY,
      windowSeconds: 60,
      panicSeconds: 6,
      panicThreshold: 2,
      retentionSeconds: 0,
    });
    expect(scalingOf({ spec: { containers: [{ image: "a" }] } }, 4)).toEqual(scaling());
  });

  test.each<[Annotations, Partial<ReturnType<typeof scalingOf>>]>([
    [{ "min-scale": "2" }, { min: 2, initial: 2, activation: 2 }],
    [{ "min-scale": "6" }, { min: 6, max: 6, initial: 6 }],
    [{ "max-scale": "9" }, { max: 9 }],
    [{ "max-scale": "0" }, { max: 4 }],
    [{ "min-scale": "0" }, { initial: 0 }],
    [{ "min-scale": "0", "initial-scale": "1" }, { initial: 1 }],
    [{ "initial-scale": "0" }, { initial: 0, activation: 1 }],
    [{ "initial-scale": "3", "max-scale": "2" }, { initial: 2 }],
    [{ "activation-scale": "2" }, { initial: 1, activation: 2 }],
    [{ target: "10" }, { target: 7 }],
    [{ target: "10", "target-utilization-percentage": "50" }, { target: 5 }],
    [{ target: "0.001" }, { target: 0.01 }],
    [{ window: "1m30s" }, { windowSeconds: 90, panicSeconds: 9 }],
    [{ window: "6s" }, { windowSeconds: 6, panicSeconds: 1 }],
    [{ window: "20s", "panic-window-percentage": "50.0" }, { panicSeconds: 10 }],
    [{ "panic-threshold-percentage": "400" }, { panicThreshold: 4 }],
    [{ "scale-to-zero-pod-retention-period": "1m" }, { retentionSeconds: 60 }],
  ])("is by %p %p", (annotations, expected) => expect(scaling(annotations)).toMatchObject(expected));

  test("never gives one process more than containerConcurrency requests", () => {
    expect(scaling({}, 0).limit).toBe(Number.POSITIVE_INFINITY);
    expect(scaling({}, 1)).toMatchObject({ limit: 1, target: 0.7 });
    expect(scaling({ target: "5" }, 20)).toMatchObject({ limit: 20, target: 3.5 });
    expect(scaling({ target: "50" }, 20)).toMatchObject({ limit: 20, target: 14 });
  });
});
