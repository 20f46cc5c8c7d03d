import { describe, expect, test } from "bun:test";
import { CONTESTANTS } from "./contestant.ts";
import { race } from "./race.ts";
import { Requests } from "./requests.ts";
import { HORIZON, harmPerRequest, LOADS, SCENARIOS, type Scenario } from "./scenarios.ts";

const scenario = (name: string): Scenario => {
  const found = SCENARIOS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no scenario ${name}`);
  return found;
};

describe("the requests of a race", () => {
  const count = (
    one: Scenario,
    rate: number,
    seed: number,
  ): { total: number; failed: number; slow: number } => {
    const requests = new Requests(one, rate, seed);
    const seen = { total: 0, failed: 0, slow: 0 };
    let last = 0;
    for (let s = 0; s < HORIZON; s++) {
      requests.second(s, ({ t, baselineOk, baselineMs }) => {
        expect(t >= last && t >= s && t < s + 1).toBe(true);
        last = t;
        seen.total++;
        if (!baselineOk) seen.failed++;
        if (baselineMs > 64) seen.slow++;
      });
    }
    return seen;
  };

  test("depend on the seed", () => {
    const equal = scenario("equal 1 %");
    expect(count(equal, 1, 5)).toEqual(count(equal, 1, 5));
    expect(count(equal, 1, 5)).not.toEqual(count(equal, 1, 6));
  });

  test("have the specified rate, errors and latency", () => {
    const { total, failed, slow } = count(scenario("equal 5 %"), 5, 7);
    expect(Math.abs(total - 36_000)).toBeLessThan(4 * Math.sqrt(36_000));
    expect(Math.abs(failed / total - 0.05)).toBeLessThan(0.005);
    expect(Math.abs(slow / total - 0.01)).toBeLessThan(0.003);
  });

  test("are none in the silent scenario, and as many as elsewhere with a varying load", () => {
    expect(count(scenario("silent"), 100, 1).total).toBe(0);
    expect(Math.abs(count(scenario("daily swing"), 5, 1).total - 36_000)).toBeLessThan(4 * Math.sqrt(36_000));
  });
});

describe("a race", () => {
  test("ends the same way for the same seed", () => {
    const one = scenario("0.1 to 5 %");
    expect(race(one, 5, 3)).toEqual(race(one, 5, 3));
  });

  test("is lost by a candidate that always fails, under each judge, and soonest under this project's", () => {
    const finishes = race(scenario("all errors"), 5, 1);
    for (const name of CONTESTANTS) expect(finishes[name].rolledBackAt).toBeGreaterThan(0);
    expect(finishes.kyc.rolledBackAt).toBeLessThan(20);
    expect(finishes.Flagger.rolledBackAt).toBe(360);
    expect(finishes["Argo Rollouts"].rolledBackAt).toBe(1500);
    expect(finishes.Kayenta.rolledBackAt).toBe(3600);
  });

  test("harms requests in proportion to the candidate's share and failures", () => {
    const { Flagger, "Argo Rollouts": argo } = race(scenario("all errors"), 5, 1);
    expect(Flagger.harmed).toBeCloseTo(5 * 0.1 * 360 * 0.999, 6);
    expect(argo.harmed).toBeCloseTo(5 * (0.2 * 600 + 0.4 * 600 + 0.6 * 300) * 0.999, 6);
  });

  test("continues to harm requests if a bad candidate was promoted", () => {
    const { "Argo Rollouts": argo } = race(scenario("latency x2"), 1, 1);
    expect(argo.healthyAt).toBe(2400);
    const shares = 600 * (0.2 + 0.4 + 0.6 + 0.8) + (HORIZON - 2400);
    expect(argo.harmed).toBeCloseTo(shares * harmPerRequest(scenario("latency x2")), 6);
  });

  test("never harms a request with a good candidate", () => {
    for (const one of SCENARIOS.filter(({ kind }) => kind === "good")) expect(harmPerRequest(one)).toBe(0);
  });

  test("contains all requested loads", () => {
    expect([...LOADS]).toEqual([0.02, 0.1, 1, 5, 20, 100]);
  });
});
