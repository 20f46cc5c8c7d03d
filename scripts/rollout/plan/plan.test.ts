import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { OutcomeSource } from "../../sources/source.ts";
import type { SplitTarget } from "../../traffic/split/split.ts";
import { SETTINGS, Simulation } from "../testing/simulation.ts";
import { detectionRequests, forecast } from "./forecast.ts";
import { look } from "./look.ts";
import { makePlan, NoPlan, type PlanOptions, shareOf } from "./plan.ts";
import { describeTargets, percentOf, sameTargets, shift, toSplit, toTargets } from "./targets.ts";

const target = (name: string, percent: number, latest = false): SplitTarget => ({
  revision: `credit-check-${name}`,
  tag: name,
  percent,
  latest,
});

function planOf(targets: SplitTarget[], more: Partial<PlanOptions> = {}) {
  return makePlan({
    id: "r1",
    service: "credit-check",
    engine: { name: "knative", place: "Service kyc/credit-check" },
    source: { name: "pods", place: "the pods of namespace kyc", lagMs: 6_000 },
    live: { targets, version: "7", changed: undefined },
    revisions: ["credit-check-basic", "credit-check-advanced", "credit-check-v3"],
    to: "advanced",
    percents: [1, 10, 100],
    settings: SETTINGS,
    by: "ann@host",
    atMs: 0,
    ...more,
  });
}

const refusal = (make: () => unknown): string => {
  try {
    make();
    return "";
  } catch (error) {
    if (error instanceof NoPlan) return error.message;
    throw error;
  }
};

describe("a plan", () => {
  test("increases the candidate's share step by step, and gives the remainder to the others", () => {
    const { steps, candidate, baseline } = planOf([target("basic", 100), target("advanced", 0)]);
    expect(steps.map(({ targets }) => describeTargets(targets))).toEqual([
      "basic=99 advanced=1",
      "basic=90 advanced=10",
      "basic=0 advanced=100",
    ]);
    expect([candidate, baseline]).toEqual(["credit-check-advanced", "credit-check-basic"]);
  });

  test("begins at the share that a candidate already has", () => {
    const { steps } = planOf([target("basic", 50), target("advanced", 50)], { percents: [10, 50, 75, 100] });
    expect(steps.map(({ percent }) => percent)).toEqual([50, 75, 100]);
    expect(steps[0]?.targets).toEqual(toTargets([target("basic", 50), target("advanced", 50)]));
  });

  test("adds a revision that is not in the split, with its tag", () => {
    const { steps, original } = planOf([target("basic", 100)], { to: "v3" });
    expect(describeTargets(steps[0]?.targets ?? [])).toBe("basic=99 v3=1");
    expect(describeTargets(original.targets)).toBe("basic=100");
    const named = planOf([target("basic", 100)], { to: "credit-check-v3" });
    expect(named.steps[0]?.targets[1]).toEqual({
      revision: "credit-check-v3",
      tag: "v3",
      percent: 1,
      latest: false,
    });
  });

  test("compares with the largest of the others, or with a named one, by their relative share", () => {
    const three = [target("basic", 60), target("v3", 40), target("advanced", 0)];
    expect(planOf(three).baseline).toBe("credit-check-basic");
    const plan = planOf(three, { from: "v3" });
    expect(plan.baseline).toBe("credit-check-v3");
    expect(describeTargets(plan.steps[1]?.targets ?? [])).toBe("basic=54 v3=36 advanced=10");
    expect(shareOf(plan, plan.steps[1]?.targets ?? [])).toBeCloseTo(10 / 46);
  });

  test("has steps of a bucket if the split is by buckets", () => {
    const targets = [target("basic", 70), target("v3", 30), target("advanced", 0)];
    const live = { targets, header: "x-kyc-bucket", version: "7", changed: undefined };
    const { steps } = planOf([], { live, percents: [0.01, 0.29, 100] });
    expect(steps.map((step) => describeTargets(step.targets))).toEqual([
      "basic=69.99 v3=30 advanced=0.01",
      "basic=69.8 v3=29.91 advanced=0.29",
      "basic=0 v3=0 advanced=100",
    ]);
    expect(refusal(() => planOf([], { live, percents: [0.005, 100] }))).toContain("a bucket is 0.01 %");
  });

  test("is refused with a remedy", () => {
    const both = [target("basic", 100), target("advanced", 0)];
    expect(refusal(() => planOf(both, { to: "advnaced" }))).toBe(
      "credit-check has no tag and no revision advnaced: did you mean advanced?",
    );
    expect(refusal(() => planOf(both, { from: "v3" }))).toStartWith("v3 has no traffic to be compared with");
    expect(refusal(() => planOf([target("basic", 0), target("advanced", 100)]))).toBe(
      "advanced has all traffic of credit-check already.",
    );
    expect(refusal(() => planOf(both, { percents: [10, 5, 100] }))).toContain("each above the one before");
    expect(refusal(() => planOf(both, { percents: [0.5, 100] }))).toBe(
      "--steps 0.5,100: whole percents are expected; only a split by buckets has steps of 0.01 % (./kyc split SERVICE --by header:NAME)",
    );
    expect(refusal(() => planOf(both, { percents: [10, 50] }))).toContain("the last step must be 100");
  });
});

test("shifted splits sum to 100 in whole percents, keep tags and order, and increase no other revision", () => {
  const splits = fc
    .array(fc.nat(100), { minLength: 2, maxLength: 5 })
    .filter((weights) => weights.slice(1).some((weight) => weight > 0))
    .map((weights) => {
      const sum = weights.reduce((all, weight) => all + weight, 0);
      return toTargets(
        weights.map((weight, i) => ({
          ...target(`r${i}`, Math.floor((100 * weight) / sum)),
          tag: i % 2 === 0 ? `r${i}` : undefined,
        })),
      );
    })
    .filter((targets) => targets.slice(1).some(({ percent }) => percent > 0));
  fc.assert(
    fc.property(splits, fc.integer({ min: 1, max: 100 }), (before, percent) => {
      const after = shift(before, 0, percent);
      expect(after.reduce((sum, each) => sum + each.percent, 0)).toBe(100);
      expect(after.map(({ revision, tag }) => [revision, tag])).toEqual(
        before.map(({ revision, tag }) => [revision, tag]),
      );
      expect(percentOf(after, "credit-check-r0")).toBe(percent);
      for (const [i, each] of after.entries()) {
        expect(Number.isInteger(each.percent)).toBe(true);
        if (i > 0 && before[i]?.percent === 0) expect(each.percent).toBe(0);
      }
    }),
  );
});

test("splits are equal in any order, without empty entries, and after a round trip through an engine", () => {
  const some = toTargets([target("basic", 90), target("advanced", 10, true)]);
  expect(sameTargets(some, [...some].reverse())).toBe(true);
  expect(sameTargets(some, [...some, { revision: "x", tag: null, percent: 0, latest: false }])).toBe(true);
  expect(sameTargets(some, toTargets([target("basic", 90), target("advanced", 10)]))).toBe(false);
  expect(sameTargets(some, toTargets([target("basic", 89), target("advanced", 11, true)]))).toBe(false);
  expect(toTargets(toSplit(some))).toEqual(some);
});

describe("a look at the traffic", () => {
  test("reports rate, errors and latency", async () => {
    const { engine, clock } = new Simulation({
      engine: { rps: 40, behaviours: { "credit-check-basic": { errors: 0.1, ms: 20 } } },
    });
    const traffic = await look(engine, clock, 60_000, new AbortController().signal);
    expect(traffic.rps).toBeCloseTo(40, 0);
    expect(traffic.errors).toBeCloseTo(0.1, 1);
    expect(traffic.median).toBeCloseTo(20, -1);
  });

  test("is not misled by a source that reads counters at intervals", async () => {
    const { clock } = new Simulation();
    const counted: OutcomeSource = {
      name: "test",
      place: "memory",
      lagMs: 0,
      async *outcomes(signal) {
        for (let i = 0; !signal.aborted; i++) {
          const [atMs, sinceMs] = [clock.now(), clock.now() - 1_000];
          if (i > 0)
            yield [{ atMs, sinceMs, revision: "a", ok: true, ms: 1, count: 50, excluded: undefined }];
          await clock.sleep(1_000, signal);
        }
      },
    };
    expect((await look(counted, clock, 4_500, new AbortController().signal)).rps).toBeCloseTo(50);
  });

  test("continues for the maximal lag of the source until it has reported", async () => {
    const { clock } = new Simulation();
    const scraped: OutcomeSource = {
      name: "test",
      place: "memory",
      lagMs: 60_000,
      async *outcomes(signal) {
        for (let sinceMs = clock.now(); !signal.aborted; sinceMs = clock.now()) {
          await clock.sleep(15_000, signal);
          const atMs = clock.now();
          if (signal.aborted) return;
          yield [{ atMs, sinceMs, revision: "a", ok: true, ms: 1, count: 300, excluded: undefined }];
        }
      },
    };
    const { signal } = new AbortController();
    expect(await look(scraped, clock, 5_000, signal)).toMatchObject({ ms: 15_000, rps: 20 });
    expect(await look({ ...scraped, async *outcomes() {} }, clock, 5_000, signal)).toMatchObject({
      ms: 65_000,
      rps: 0,
    });
  });

  test("reports silence and a source that cannot be read", async () => {
    const { engine, clock } = new Simulation({ engine: { rps: 0 } });
    const { signal } = new AbortController();
    expect(await look(engine, clock, 5_000, signal)).toMatchObject({ rps: 0, errors: undefined });
    const blind: OutcomeSource = {
      name: "test",
      place: "memory",
      lagMs: 0,
      async *outcomes() {
        throw new Error("forbidden");
      },
    };
    expect(await look(blind, clock, 5_000, signal).catch(String)).toBe("Error: forbidden");
  });
});

describe("a forecast", () => {
  test("matches the judge for a candidate that only fails", () => {
    // ln(14/alpha) / H(w): 11 requests at a half, 22 at a tenth.
    expect(detectionRequests(0.5, 1e-12, 1, 0.01)).toBeCloseTo(Math.log(1400) / Math.log(2), 3);
    expect(detectionRequests(0.1, 1e-12, 1, 0.01)).toBeCloseTo(22.3, 1);
    expect(detectionRequests(0.5, 0.01, 0.01, 0.01)).toBe(Number.POSITIVE_INFINITY);
  });

  test("is sooner with more traffic and more errors, and reports steps without evidence", () => {
    const plan = planOf([target("basic", 100), target("advanced", 0)]);
    const traffic = { ms: 5_000, rps: 20, errors: 0, median: 10, p99: 20 };
    const [, step] = forecast(plan, traffic);
    const [, more] = forecast(plan, { ...traffic, rps: 100 });
    expect(step?.candidatePerMinute).toBe(120);
    const times = step?.detects.map(({ ms }) => ms) ?? [];
    expect(times).toEqual(times.toSorted((a, b) => b - a));
    expect(more?.detects[0]?.ms ?? 0).toBeCloseTo((times[0] ?? 0) / 5);
    expect(more?.healthyMs ?? 0).toBeLessThan(step?.healthyMs ?? 0);
    const [silent] = forecast(plan, {
      ms: 5_000,
      rps: 0,
      errors: undefined,
      median: undefined,
      p99: undefined,
    });
    expect([silent?.healthyMs, silent?.detects[0]?.ms]).toEqual([
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
    ]);
  });
});

describe("approvals and freeze windows", () => {
  const settings = (more: Partial<typeof SETTINGS>) => ({ settings: { ...SETTINGS, ...more } });

  test("are refused if no step has the share, or the window is malformed", () => {
    expect(() =>
      planOf([target("basic", 100), target("advanced", 0)], settings({ approveAt: [42] })),
    ).toThrow("--approve-at 42: no step is 42 %; the steps are 1, 10, 100");
    expect(() =>
      planOf([target("basic", 100), target("advanced", 0)], settings({ notBetween: ["soon"] })),
    ).toThrow("--not-between: soon is not a freeze window");
  });
});

describe("a preview", () => {
  const preview = { header: "x-preview", value: "advanced", forMs: 600_000 };
  const before = [target("basic", 100), target("advanced", 0)];

  test("is a step before the first percent, whose header leads to the candidate, and later steps have none", () => {
    const { steps, original } = planOf(before, { settings: { ...SETTINGS, preview } });
    expect(steps.map(({ percent, preview: is = false }) => [percent, is])).toEqual([
      [0, true],
      [1, false],
      [10, false],
      [100, false],
    ]);
    expect(describeTargets(steps[0]?.targets ?? [])).toBe("basic=100 advanced=0 (x-preview: advanced)");
    expect(sameTargets(steps[0]?.targets ?? [], original.targets)).toBe(false);
    expect(steps.slice(1).every(({ targets }) => targets.every((each) => each.preview === undefined))).toBe(
      true,
    );
    expect(toTargets(toSplit(steps[0]?.targets ?? []))).toEqual(steps[0]?.targets ?? []);
  });

  test("by the tag changes no route, and one of a candidate with a share is refused", () => {
    const { steps, original } = planOf(before, { settings: { ...SETTINGS, preview: { forMs: 1 } } });
    expect(sameTargets(steps[0]?.targets ?? [], original.targets)).toBe(true);
    expect(() =>
      planOf([target("basic", 90), target("advanced", 10)], { settings: { ...SETTINGS, preview } }),
    ).toThrow("advanced has 10 % of the traffic already; a preview comes before the first percent");
  });
});
