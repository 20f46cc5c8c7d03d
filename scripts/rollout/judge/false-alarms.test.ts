import { describe, expect, test } from "bun:test";
import { createJudge, type SomeJudgeOptions } from "./judge.ts";
import { mostOf } from "./testing/binomial.ts";
import { draw, lognormal, ramp, type Traffic } from "./testing/traffic.ts";

/**
 * Checks Ville's inequality in simulations: of many rollouts of candidates that are no worse than tolerated, at most
 * a fraction alpha ever ends in regressed. Alpha is ten times the default here, so that fewer rollouts suffice.
 */
const ALPHA = 0.1;
const ROLLOUTS = 100;

const QUIET: Traffic = { seconds: 300, rate: () => 4, share: ramp, fails: () => 0.02 };

const SAME: [string, Traffic, SomeJudgeOptions?][] = [
  ["that are equal", QUIET],
  ["that never fail", { ...QUIET, fails: () => 0 }],
  ["that fail half of the time, as the baseline does", { ...QUIET, fails: () => 0.5, seconds: 100 }],
  ["with a small share", { ...QUIET, share: () => 0.02 }],
  ["with nearly all traffic", { ...QUIET, share: () => 0.95 }],
  ["whose share goes up and down", { ...QUIET, share: (t) => 0.5 + 0.45 * Math.sin(Math.floor(t) / 40) }],
  [
    "while the load swings, and all latencies with it",
    {
      ...QUIET,
      rate: (t) => 4 + 3.6 * Math.sin(t / 60),
      ms: (u, _, t) => lognormal(u) * (2 + Math.sin(t / 60)),
    },
  ],
  ["while both fail in bursts", { ...QUIET, fails: (t) => (t % 100 < 10 ? 0.5 : 0.005) }],
  ["whose latency is quantised", { ...QUIET, ms: (u) => Math.ceil(lognormal(u) / 10) * 10 }],
  [
    "with exactly the tolerated latency",
    { ...QUIET, ms: (u, candidate) => lognormal(u) * (candidate ? 1.25 : 1) },
    { tolerate: { latency: 0.25 } },
  ],
  [
    "with exactly the tolerated ratio of failures",
    { ...QUIET, fails: (_, candidate) => (candidate ? 0.06 : 0.03) },
    { tolerate: { errors: 1 } },
  ],
  [
    "with exactly the tolerated rate of failures",
    { ...QUIET, fails: (_, candidate) => (candidate ? 0.03 : 0.001) },
    { tolerate: { errorRate: 0.03 } },
  ],
];

describe("candidates", () => {
  test.each(SAME)("%s are rarely called regressed", (...[, traffic, options = {}]) => {
    let alarms = 0;
    for (let seed = 0; seed < ROLLOUTS; seed++) {
      const judge = createJudge({ ...options, alpha: ALPHA });
      for (const observation of draw(traffic, seed)) {
        judge.observe(observation);
        if (judge.regressed) break;
      }
      if (judge.regressed) alarms++;
    }
    expect(alarms).toBeLessThanOrEqual(mostOf(ROLLOUTS, ALPHA));
  });

  test.each([
    ["a harmful ratio of failures", { ...QUIET, fails: (_: number, c: boolean) => (c ? 0.04 : 0.02) }],
    [
      "a harmful latency",
      {
        ...QUIET,
        fails: () => 0,
        ms: (u: number, c: boolean) => lognormal(u) * (c ? 1.5 : 1),
      },
    ],
  ])("with %s are rarely called healthy", (_, traffic) => {
    const beta = 0.1;
    let claims = 0;
    for (let seed = 0; seed < ROLLOUTS; seed++) {
      // With this alpha nothing regresses, so all time is available for a wrong claim.
      const judge = createJudge({ alpha: 1e-12, beta });
      let asked = 0;
      for (const observation of draw({ ...traffic, share: () => 0.5 }, seed)) {
        judge.observe(observation);
        if (observation.t < asked) continue;
        asked = observation.t + 10;
        if (judge.verdict().verdict !== "healthy") continue;
        claims++;
        break;
      }
    }
    expect(claims).toBeLessThanOrEqual(mostOf(ROLLOUTS, beta));
  });
});
