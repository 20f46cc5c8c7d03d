import { expect, test } from "bun:test";
import type { Observation } from "./rollout-judge.ts";
import { shuffled, trafficJudge } from "./traffic-judge.ts";
import { SETTINGS } from "../testing/simulation.ts";
import { mixedSeed, seededRandom } from "../../traffic/random.ts";

const one = (who: Observation["who"], ms: number, count: number, atMs = 0): Observation => ({
  atMs,
  who,
  ok: true,
  ms,
  fromMs: ms / 2,
  count,
  share: 0.25,
});

test("a batch yields each of its requests once, in a fixed order that differs from the original one", () => {
  const batch = [one("baseline", 5, 30), one("baseline", 10, 10), one("candidate", 5, 12)];
  const order = shuffled(batch).map(({ who, ms }) => `${who} ${ms}`);
  const sorted = batch.flatMap(({ who, ms, count }) => Array.from({ length: count }, () => `${who} ${ms}`));
  expect([...order].sort()).toEqual([...sorted].sort());
  expect(order).not.toEqual(sorted);
  expect(shuffled(batch).map(({ who, ms }) => `${who} ${ms}`)).toEqual(order);
});

test("an equal candidate is not rolled back because of the order of counters", () => {
  for (let seed = 0; seed < 10; seed++) {
    const random = seededRandom(mixedSeed(seed));
    const judge = trafficJudge({ ...SETTINGS, tolerateLatency: 1 }, undefined);
    for (let second = 0; second < 300; second++) {
      const counts = new Map<string, Observation>();
      for (let i = 0; i < 60; i++) {
        const who = random() < 0.25 ? "candidate" : "baseline";
        const ms = random() < 0.85 ? 5 : random() < 0.9 ? 10 : 25;
        const known = counts.get(`${who}${ms}`) ?? one(who, ms, 0, second * 1000);
        counts.set(`${who}${ms}`, { ...known, count: known.count + 1 });
      }
      const read = [...counts.values()].sort((a, b) => a.who.localeCompare(b.who) || a.ms - b.ms);
      judge.observe(read);
    }
    expect(judge.ruling(0.5).verdict).toBe("healthy");
  }
});
