import { describe, expect, test } from "bun:test";
import { mixedSeed, seededRandom } from "../../traffic/random.ts";
import { SETTINGS } from "../testing/simulation.ts";
import type { RolloutJudge, Observation } from "./rollout-judge.ts";
import { trafficJudge } from "./traffic-judge.ts";

const ROUTES = ["GET /report", "GET /health", "POST /report"];

/** Judges traffic of 50 requests per second at a share of a half, until the verdict is regressed. */
function run(
  judge: RolloutJudge,
  seconds: number,
  failing: (route: string) => number,
  seed = 1,
  fromS = 0,
): string {
  const random = seededRandom(mixedSeed(seed));
  for (let i = fromS * 50; i < (fromS + seconds) * 50; i++) {
    const isCandidate = random() < 0.5;
    // The failing route is a rare one.
    const route = random() < 0.04 ? "POST /report" : (ROUTES[i % 2] ?? "");
    const observation: Observation = {
      atMs: i * 20,
      who: isCandidate ? "candidate" : "baseline",
      ok: random() >= (isCandidate ? failing(route) : 0.05),
      ms: 5 + random(),
      count: 1,
      share: 0.5,
      route,
    };
    judge.observe([observation]);
    if (i % 10 !== 0) continue;
    const { verdict, because } = judge.ruling(1);
    if (verdict === "regressed") return because;
  }
  return "";
}

const BY_ROUTE = { ...SETTINGS, byRoute: true };
const failsOnPost = (route: string): number => (route === "POST /report" ? 0.9 : 0.05);

describe("a rollout judged by route", () => {
  test("detects a candidate that fails on one route only, and names the route", () => {
    expect(run(trafficJudge(BY_ROUTE, undefined), 60, failsOnPost)).toStartWith(
      "on POST /report, the candidate fails more often",
    );
    // Among all requests it is not detected within that time.
    expect(run(trafficJudge(SETTINGS, undefined), 10, failsOnPost)).toBe("");
  });

  test("does not find a difference between equal versions", () => {
    for (const seed of [1, 2]) expect(run(trafficJudge(BY_ROUTE, undefined), 60, () => 0.05, seed)).toBe("");
  });

  test("continues from a snapshot", () => {
    const first = trafficJudge(BY_ROUTE, undefined);
    expect(run(first, 4, failsOnPost)).toBe("");
    const second = trafficJudge(BY_ROUTE, JSON.parse(JSON.stringify(first.snapshot())));
    expect(second.restored).toBe(true);
    expect(run(first, 60, failsOnPost, 7, 4)).toBe(run(second, 60, failsOnPost, 7, 4));
    expect(trafficJudge(BY_ROUTE, { all: 1 }).restored).toBe(false);
  });

  test("judges more than twenty routes with bounded memory", () => {
    const judge = trafficJudge(BY_ROUTE, undefined);
    for (let i = 0; i < 200; i++)
      judge.observe([
        { atMs: i, who: "candidate", ok: true, ms: 1, count: 1, share: 0.5, route: `GET /${"x".repeat(i)}` },
      ]);
    expect(JSON.stringify(judge.snapshot()).match(/"GET \//g)).toHaveLength(20);
    expect(JSON.stringify(judge.snapshot())).toContain("all other routes");
  });
});
