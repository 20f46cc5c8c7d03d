import { describe, expect, test } from "bun:test";
import { createJudge, type Judge, type Observation } from "./judge.ts";
import { isOk, outcomeKind, type OutcomeKind } from "../../traffic/outcome-kind.ts";
import { mixedSeed, seededRandom } from "../../traffic/random.ts";
import { draw, lognormal, ramp, type Traffic } from "./testing/traffic.ts";

const EVEN: Traffic = { seconds: 600, rate: () => 20, share: ramp, fails: () => 0.01 };

describe("a judge", () => {
  test("is undecided without requests", () => {
    expect(createJudge().verdict()).toMatchObject({
      verdict: "undecided",
      because: "no request of the candidate was seen yet",
    });
  });

  test("calls a candidate whose requests all fail regressed within 25 requests, at five per second and an even split", () => {
    const judge = createJudge();
    let requests = 0;
    for (const observation of draw(
      { ...EVEN, rate: () => 5, share: () => 0.5, fails: (_, candidate) => (candidate ? 1 : 0) },
      3,
    )) {
      judge.observe(observation);
      requests++;
      if (judge.regressed) break;
    }
    expect(requests).toBeLessThanOrEqual(25);
    expect(judge.verdict().because).toStartWith("the candidate fails more often than the baseline:");
  });

  test("calls an equal candidate healthy, and states the claim", () => {
    const verdict = judged(draw(EVEN, 1)).verdict();
    expect(verdict.verdict).toBe("healthy");
    expect(verdict.because).toBe(
      "with 95 % certainty the candidate fails less than 2 times as often as the baseline, or less than 0.5 % of the time, and takes less than 1.5 times as long at the median and at p99",
    );
  });

  test("needs less evidence for a small next share", () => {
    const judge = judged(draw({ ...EVEN, seconds: 50, share: () => 0.1, fails: () => 0.001 }, 2));
    expect(judge.verdict(0.05).verdict).toBe("healthy");
    expect(judge.verdict(1).verdict).toBe("undecided");
  });

  test("needs new evidence at each higher share, and keeps it at a lower one", () => {
    const judge = judged(draw({ ...EVEN, share: () => 0.25 }, 1));
    expect(judge.verdict().verdict).toBe("healthy");
    judge.observe({ t: 601, revision: "baseline", ok: true, ms: 20, share: 0.1 });
    expect(judge.verdict().verdict).toBe("healthy");
    judge.observe({ t: 602, revision: "baseline", ok: true, ms: 20, share: 0.5 });
    expect(judge.verdict().verdict).toBe("undecided");
  });

  test.each([
    ["the median", (u: number, candidate: boolean) => lognormal(u) * (candidate ? 2 : 1)],
    ["p99", (u: number, candidate: boolean) => lognormal(u) * (candidate && u > 0.95 ? 2 : 1)],
  ])("finds a candidate that takes twice as long at %s", (where, ms) => {
    const verdict = judged(draw({ ...EVEN, seconds: 1200, ms }, 4)).verdict();
    expect(verdict.verdict).toBe("regressed");
    expect(verdict.because).toContain("the candidate takes more than 1.25 times as long as the baseline");
    expect(verdict.because).toContain(` at ${where}, `);
  });

  test("tolerates a candidate that takes 1.2 times as long, and calls it healthy", () => {
    const ms = (u: number, candidate: boolean): number => lognormal(u) * (candidate ? 1.2 : 1);
    expect(judged(draw({ ...EVEN, seconds: 3600, ms }, 5)).verdict().verdict).toBe("healthy");
  });

  describe("of latencies from a histogram with buckets twice as wide as the tolerance", () => {
    const BOUNDS = [0, 5, 10, 25, 50, 100, 250, 500, 1000];
    function* inBuckets(traffic: Traffic, seed: number): Generator<Observation> {
      for (const observation of draw(traffic, seed)) {
        const i = BOUNDS.findIndex((bound) => bound >= observation.ms);
        yield { ...observation, fromMs: BOUNDS[i - 1] ?? 0, ms: BOUNDS[i] ?? observation.ms };
      }
    }
    const slower = (factor: number) => (u: number, candidate: boolean) =>
      lognormal(u) * (candidate ? factor : 1);

    test("does not count a bucket's width as a difference", () => {
      for (let seed = 0; seed < 20; seed++) {
        const judge = judged(inBuckets({ ...EVEN, fails: () => 0, ms: slower(1.2) }, seed));
        expect(judge.verdict().verdict).not.toBe("regressed");
      }
    });

    test("finds a candidate that takes five times as long", () => {
      const judge = judged(inBuckets({ ...EVEN, ms: slower(5) }, 1));
      expect(judge.verdict().verdict).toBe("regressed");
    });

    test("refuses invalid bounds", () => {
      const wrong = { t: 0, revision: "baseline", ok: true, ms: 10, fromMs: 25, share: 0.5 } as const;
      expect(() => createJudge().observe(wrong)).toThrow(
        "fromMs is 25: milliseconds from 0 to 10 are expected",
      );
    });
  });

  test("is not misled by equal latencies", () => {
    const same = judged(draw({ ...EVEN, ms: () => 20 }, 6));
    expect(same.verdict().verdict).toBe("healthy");
    const longer = judged(draw({ ...EVEN, ms: (_, candidate) => (candidate ? 30 : 20) }, 6));
    expect(longer.verdict().verdict).toBe("regressed");
  });

  test("does not blame a candidate that fails as often as tolerated for its missing successes", () => {
    const fails = (_: number, candidate: boolean): number => (candidate ? 0.9 : 0.45);
    const traffic: Traffic = { ...EVEN, seconds: 200, share: () => 0.5, fails };
    for (const seed of [1, 2, 3])
      expect(judged(draw(traffic, seed), { tolerate: { errors: 1 } }).regressed).toBe(false);
  });

  test("says that latency buckets are too wide for p99", () => {
    const random = seededRandom(mixedSeed(3));
    const judge = createJudge();
    for (let i = 0; i < 8000; i++) {
      const slow = random() < 0.009;
      const bucket = slow ? { fromMs: 50, ms: 100 } : { fromMs: 25, ms: 50 };
      const revision = random() < 0.5 ? "candidate" : "baseline";
      judge.observe({ t: i / 40, revision, ok: true, share: 0.5, ...bucket });
    }
    expect(judge.verdict().because).toMatch(
      /; \d+ of its \d+ slow requests are in a latency bucket that begins below 1\.5 times the baseline's p99/,
    );
  });

  test("tolerates a given rate of failures", () => {
    const traffic: Traffic = { ...EVEN, fails: (_, candidate) => (candidate ? 0.004 : 0) };
    expect(judged(draw(traffic, 7)).verdict().verdict).toBe("regressed");
    expect(judged(draw(traffic, 7), { tolerate: { errorRate: 0.01 } }).verdict().verdict).not.toBe(
      "regressed",
    );
    const more: Traffic = { ...EVEN, fails: (_, candidate) => (candidate ? 0.1 : 0) };
    expect(judged(draw(more, 7), { tolerate: { errorRate: 0.01 } }).verdict().verdict).toBe("regressed");
  });

  test("counts failures of the gateway itself against the change", () => {
    const judge = createJudge();
    for (let i = 0; i < 200; i++) judge.observe({ t: i, revision: "baseline", ok: true, ms: 20, share: 0 });
    for (let i = 0; i < 120; i++) {
      const fails = i % 4 === 0;
      judge.observe({
        t: 200 + i,
        revision: fails ? "gateway" : "baseline",
        ok: !fails,
        ms: 20,
        share: 0.25,
      });
    }
    expect(judge.verdict().because).toStartWith("the gateway answered ");
  });

  test("ignores them if they were as frequent before", () => {
    const judge = createJudge();
    for (let i = 0; i < 4000; i++) {
      const fails = i % 20 === 0;
      const revision = fails ? "gateway" : i % 4 === 0 ? "candidate" : "baseline";
      const share = i < 2000 ? 0 : 0.25;
      judge.observe({
        t: i,
        revision: share === 0 && !fails ? "baseline" : revision,
        ok: !fails,
        ms: 20,
        share,
      });
    }
    expect(judge.regressed).toBe(false);
  });

  describe("of callers that give up before an answer names the revision", () => {
    const judgedBy = (gaveUpOn: { baseline: number; candidate: number }, share: number, real = share) => {
      const random = seededRandom(mixedSeed(11));
      const judge = createJudge();
      for (let i = 0; i < 6000 && !judge.regressed; i++) {
        const inForce = i < 200 ? 0 : share;
        const revision = random() < (i < 200 ? 0 : real) ? "candidate" : "baseline";
        const gaveUp = i >= 200 && random() < gaveUpOn[revision];
        judge.observe(
          gaveUp
            ? { t: i / 20, revision: "gateway", ok: false, kind: "abandoned", ms: 800, share: inForce }
            : { t: i / 20, revision, ok: true, ms: 20 + 10 * random(), share: inForce },
        );
      }
      return judge.verdict();
    };

    test("attributes missing answers to the candidate", () => {
      const { t, because } = judgedBy({ baseline: 0, candidate: 0.3 }, 0.4);
      expect(because).toStartWith("callers gave up on ");
      expect(t).toBeLessThan(100);
    });

    test.each([
      ["both revisions leave as many requests unanswered", { baseline: 0.3, candidate: 0.3 }, 0.4],
      ["the split is not in force", { baseline: 0, candidate: 0 }, 0.2],
      ["the split is not in force, and few give up", { baseline: 0.02, candidate: 0.02 }, 0.2],
    ])("attributes nothing to the candidate if %s", (_, gaveUpOn, real) => {
      expect(judgedBy(gaveUpOn, 0.4, real).verdict).not.toBe("regressed");
    });
  });

  test("judges a candidate with all traffic by the earlier baseline", () => {
    const judge = judged(draw({ ...EVEN, fails: () => 0.001 }, 8));
    for (let i = 0; i < 25; i++)
      judge.observe({ t: 601 + i, revision: "candidate", ok: false, ms: 20, share: 1 });
    expect(judge.verdict().because).toStartWith(
      "with all traffic most requests fail, which they did not before: ",
    );
  });

  test("does not attribute to a candidate with all traffic a burst that may have affected both", () => {
    const judge = judged(draw({ ...EVEN, fails: () => 0.001 }, 8));
    const burst = { seconds: 100, rate: () => 100, share: () => 1, fails: () => 0.3 };
    for (const observation of draw(burst, 9)) judge.observe({ ...observation, t: 601 + observation.t });
    expect(judge.regressed).toBe(false);
  });

  test("detects failures that begin late", () => {
    const late = (t: number, candidate: boolean): number => (candidate && t > 3000 ? 0.2 : 0.01);
    const judge = judged(draw({ ...EVEN, seconds: 3600, fails: late }, 9));
    const { verdict, t } = judge.verdict();
    expect(verdict).toBe("regressed");
    expect(t).toBeGreaterThan(3000);
    expect(t).toBeLessThan(3060);
  });

  test("claims nothing while requests are not split by the shares, and reports that", () => {
    const judge = judged(draw({ ...EVEN, share: () => 0.5 }, 10), {}, (one) => ({ ...one, share: 0.25 }));
    const { verdict, because } = judge.verdict();
    expect(verdict).toBe("undecided");
    expect(because).toStartWith("requests are not split as the shares say:");
  });

  test("gets no evidence from the absence of the candidate", () => {
    const judge = createJudge();
    for (let i = 0; i < 10_000; i++) {
      judge.observe({ t: i / 100, revision: "baseline", ok: i % 50 !== 0, ms: 20 + (i % 7), share: 0.1 });
    }
    expect(judge.verdict().verdict).toBe("undecided");
  });

  test("keeps the verdict once a candidate regressed", () => {
    const judge = judged(draw({ ...EVEN, fails: (_, candidate) => (candidate ? 0.5 : 0.01) }, 11));
    const before = judge.verdict();
    for (const observation of draw({ ...EVEN, fails: () => 0 }, 12)) judge.observe(observation);
    const after = judge.verdict();
    expect({ ...after, evidence: 0 }).toEqual({ ...before, evidence: 0 });
  });
});

describe("failures that occur together", () => {
  const calm: Traffic = { seconds: 1200, rate: () => 50, share: () => 0.25, fails: () => 0.001 };
  const median = (times: number[]): number => times.toSorted((a, b) => a - b)[times.length >> 1] as number;
  const regressedAt = (traffic: Traffic, seed: number): number => {
    const judge = createJudge();
    for (const observation of draw(traffic, seed)) {
      judge.observe(observation);
      if (judge.regressed) return observation.t;
    }
    return Number.POSITIVE_INFINITY;
  };

  test.each([
    ["all requests for a second", 1, 1, 50],
    ["a third of the requests for a second", 1 / 3, 1, 50],
    ["a fifth of the requests for two seconds", 1 / 5, 2, 100],
    ["a tenth of the requests for three seconds", 1 / 10, 3, 200],
  ])("in one outage of the candidate do not end in regressed: %s", (_, part, seconds, rate) => {
    const outage = (t: number, candidate: boolean): number =>
      candidate && t >= 60 && t < 60 + seconds ? part : 0.001;
    for (let seed = 0; seed < 8; seed++)
      expect(regressedAt({ ...calm, rate: () => rate, seconds: 120, fails: outage }, seed)).toBe(
        Number.POSITIVE_INFINITY,
      );
  });

  test("are detected if they persist: all errors within six seconds at five per second", () => {
    const all = { ...calm, seconds: 60, rate: () => 5, fails: (_: number, c: boolean) => (c ? 1 : 0.001) };
    expect(median(Array.from({ length: 41 }, (_, seed) => regressedAt(all, seed)))).toBeLessThanOrEqual(6);
  });
});

describe("marks beside errors", () => {
  const judgeOf = (kind: OutcomeKind, marked: (candidate: boolean) => number): Judge => {
    const judge = createJudge();
    for (const one of draw({ ...EVEN, share: () => 0.25, fails: (_, candidate) => marked(candidate) }, 3))
      judge.observe(one.ok ? one : { ...one, kind, ok: isOk(kind) });
    return judge;
  };

  test.each([
    ["rejected", "the candidate rejects requests (4xx) more often than the baseline:"],
    ["abandoned", "callers give up on the candidate more often than on the baseline:"],
  ] as const)("an excess of %s is evidence, but not if it is common to both", (kind, because) => {
    expect(judgeOf(kind, (candidate) => (candidate ? 0.12 : 0)).verdict().because).toStartWith(because);
    expect(judgeOf(kind, () => 0.12).regressed).toBe(false);
  });

  test.each([
    [{ status: 200 }, "success"],
    [{ status: 200, bodyOk: false }, "error"],
    [{ status: 503 }, "error"],
    [{}, "error"],
    [{ status: 404 }, "rejected"],
    [{ status: 499 }, "abandoned"],
    [{ gaveUp: true }, "abandoned"],
  ] as const)("follow from the answer: %o is %s", (answer, kind) => {
    expect(outcomeKind(answer)).toBe(kind);
  });
});

describe("sticky assignment", () => {
  test("in runs is reported, and the absence of a candidate is not evidence", () => {
    const judge = createJudge();
    let candidate = false;
    let i = 0;
    for (const one of draw({ ...EVEN, seconds: 100, share: () => 0.5, fails: () => 0 }, 5)) {
      if (i++ % 20 === 0) candidate = one.revision === "candidate";
      judge.observe({ ...one, revision: candidate ? "candidate" : "baseline", share: 0.5 });
    }
    expect(judge.verdict()).toMatchObject({ verdict: "undecided" });
    expect(judge.verdict().because).toStartWith("requests are assigned in runs, as with sticky sessions,");
  });

  test("is not detected in bursts, in which the answers of the faster revision end one after the other", () => {
    const random = seededRandom(7);
    const judge = createJudge({ tolerate: { latency: 10 } });
    for (let burst = 0; burst < 500; burst++) {
      const sent = Array.from({ length: 6 }, () => random() < 0.5);
      const ends = sent.map((isCandidate) => ({ isCandidate, ms: (isCandidate ? 8 : 4) + random() }));
      for (const { isCandidate, ms } of ends.sort((a, b) => a.ms - b.ms)) {
        const revision = isCandidate ? "candidate" : "baseline";
        judge.observe({ t: burst / 20 + ms / 1000, revision, ok: true, ms, share: 0.5 });
      }
    }
    expect(judge.verdict()).toMatchObject({ verdict: "healthy" });
  });

  test.each([100, 1000])("counts each of %d applicants once", (applicants) => {
    for (let seed = 1; seed <= 10; seed++) {
      const random = seededRandom(Bun.hash.murmur32v3(String(seed)) | 0);
      const ofCandidate = Array.from({ length: applicants }, () => random() < 0.1);
      const fails = Array.from({ length: applicants }, () => random() < 0.02);
      const judge = createJudge();
      for (let i = 0; i < 6000; i++) {
        const applicant = Math.floor(random() * applicants);
        judge.observe({
          t: i / 10,
          revision: ofCandidate[applicant] ? "candidate" : "baseline",
          ok: !(fails[applicant] && random() < 0.5),
          ms: lognormal(random()),
          share: 0.1,
          unit: String(applicant),
        });
      }
      expect(judge.regressed).toBe(false);
    }
  });
});

describe("the input of a judge", () => {
  const fine: Observation = { t: 0, revision: "baseline", ok: true, ms: 1, share: 0.5 };

  test.each([
    [{ t: Number.NaN }, "t is NaN: seconds are expected"],
    [{ ms: -1 }, "ms is -1: milliseconds from 0 are expected"],
    [{ share: 1.5 }, "share is 1.5: a number from 0 to 1 is expected"],
    [{ count: 100_000_000 }, "count is 100000000: a whole number from 1 is expected, and 1,000,000 at most"],
    [{ kind: "error" as const }, "ok is true: false is expected where kind is error"],
    [{ count: 0.5 }, "count is 0.5: a whole number from 1 is expected"],
  ])("must be possible: %o", (wrong, message) => {
    expect(() => createJudge().observe({ ...fine, ...wrong })).toThrow(message);
  });

  test.each([
    [{ alpha: 0 }, "alpha is 0: a probability above 0"],
    [{ beta: 0.7 }, "beta is 0.7: a probability above 0"],
    [{ tolerate: { errors: -0.1 } }, "tolerate.errors is -0.1: a number from 0"],
    [{ harm: { errorRate: 1 } }, "harm.errorRate is 1: a share from 0 to below 1"],
  ])("must have options in their range: %o", (options, message) => {
    expect(() => createJudge(options)).toThrow(message);
  });

  test("has harmful limits of at least the tolerated ones", () => {
    expect(createJudge({ tolerate: { errors: 3, errorRate: 0.02, latency: 1 } }).options.harm).toEqual({
      errors: 3,
      errorRate: 0.02,
      latency: 1,
    });
  });
});

function judged(
  all: Iterable<Observation>,
  options: Parameters<typeof createJudge>[0] = {},
  change: (observation: Observation) => Observation = (observation) => observation,
): Judge {
  const judge = createJudge(options);
  for (const observation of all) judge.observe(change(observation));
  return judge;
}
