import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createJudge, type Judge, type Observation, restoreJudge } from "./judge.ts";
import { isOk, OUTCOME_KINDS, type OutcomeKind } from "../../traffic/outcome-kind.ts";
import { EXCLUSIONS } from "./types.ts";

/** Generates observations of any kind in chronological order. */
const observations = fc.array(
  fc.record({
    wait: fc.double({ min: 0, max: 200, noNaN: true }),
    revision: fc.constantFrom<Observation["revision"]>("baseline", "candidate", "candidate", "gateway"),
    kind: fc.constantFrom(...OUTCOME_KINDS),
    unit: fc.option(fc.constantFrom("a", "b", "c"), { nil: undefined, freq: 3 }),
    ms: fc.double({ min: 0, max: 500, noNaN: true }),
    share: fc.constantFrom(0, 0.05, 0.25, 0.5, 1),
    count: fc.integer({ min: 1, max: 9 }),
    excluded: fc.option(fc.constantFrom(...EXCLUSIONS), { nil: undefined, freq: 9 }),
  }),
  { maxLength: 60 },
);

const inTime = (
  drawn: (Omit<Observation, "t" | "ok"> & { wait: number; kind: OutcomeKind })[],
): Observation[] => {
  let t = 0;
  return drawn.map(({ wait, ...rest }) => ({ ...rest, ok: isOk(rest.kind), t: (t += wait) }));
};

describe("for any observations, a judge", () => {
  test("counts excluded requests, and judges without them", () => {
    fc.assert(
      fc.property(observations, (drawn) => {
        const all = inTime(drawn);
        const judge = judged(all);
        const rest = judged(all.filter(({ excluded }) => excluded === undefined));
        const { excluded, t, share, ...evidence } = judge.verdict().evidence;
        const { excluded: unsplit, t: _t, share: _share, ...expected } = rest.verdict().evidence;
        expect(evidence).toEqual(expected);
        expect(judge.verdict().verdict).toBe(rest.verdict().verdict);
        const counted = Object.values(excluded).reduce((sum, count) => sum + count, 0);
        const own = Object.values(unsplit).reduce((sum, count) => sum + count, 0);
        const expectedCount = all.reduce(
          (sum, { excluded: reason, count = 1 }) => sum + (reason === undefined ? 0 : count),
          0,
        );
        expect(counted - own).toBe(expectedCount);
      }),
    );
  });

  test("has the same result for any batching of requests", () => {
    fc.assert(
      fc.property(observations, (drawn) => {
        const batches = inTime(drawn);
        const singles = batches.flatMap((one) =>
          Array.from({ length: one.count ?? 1 }, () => ({ ...one, count: undefined })),
        );
        const [a, b] = [judged(batches).verdict(), judged(singles).verdict()];
        expect(rounded(a)).toEqual(rounded(b));
      }),
    );
  });

  test("has the same result for any number of queries", () => {
    fc.assert(
      fc.property(observations, (drawn) => {
        const all = inTime(drawn);
        const asked = createJudge();
        for (const observation of all) {
          asked.observe(observation);
          asked.verdict(0.1);
          asked.verdict();
        }
        const { t, ...last } = asked.verdict();
        const { t: _, ...once } = judged(all).verdict();
        expect(last).toEqual(once);
      }),
    );
  });

  test("continues from a snapshot identically", () => {
    fc.assert(
      fc.property(observations, observations, (first, second) => {
        const all = inTime([...first, ...second]);
        const whole = judged(all);
        const broken = judged(all.slice(0, first.length));
        const resumed = restoreJudge(JSON.parse(JSON.stringify(broken.snapshot())));
        resumed.observeMany(all.slice(first.length));
        expect(resumed.verdict()).toEqual(whole.verdict());
        expect(resumed.snapshot()).toEqual(whole.snapshot());
      }),
    );
  });

  test("refuses an invalid snapshot", () => {
    for (const value of [undefined, {}, { version: 6 }, { ...createJudge().snapshot(), version: 5 }]) {
      expect(() => restoreJudge(value)).toThrow("not the state of a judge of this version");
    }
  });
});

function judged(all: Iterable<Observation>): Judge {
  const judge = createJudge();
  judge.observeMany(all);
  return judge;
}

/** Rounds evidence to nine digits: sums and powers of the same numbers differ beyond. */
function rounded(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_, part) =>
    typeof part === "number" ? Number(part.toPrecision(9)) : part,
  );
}
