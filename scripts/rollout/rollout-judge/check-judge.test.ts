import { describe, expect, test } from "bun:test";
import { Check } from "typebox/schema";
import { checkValue } from "../../sources/prometheus/check-values.ts";
import type { AnswerValue } from "../../traffic/answer-values.ts";
import { mixedSeed, seededRandom } from "../../traffic/random.ts";
import { EvidenceLog } from "../record/evidence-log.ts";
import { EvidenceLine } from "../record/evidence-line.ts";
import { replay, rulingDifference } from "../record/replay.ts";
import { makePlan } from "../plan/plan.ts";
import { reportData } from "../report/data.ts";
import { reportPage } from "../report/page.ts";
import { memoryEvidence } from "../testing/memory-evidence.ts";
import { countingJudge } from "../testing/counting-judge.ts";
import { SETTINGS, Simulation } from "../testing/simulation.ts";
import { checkJudge } from "./check-judge.ts";
import { trafficJudge } from "./traffic-judge.ts";

const CHECKED = { ...SETTINGS, checks: [{ name: "queue", query: 'max(queue{revision="$revision"})' }] };

/** Returns after how many readings a check finds the candidate worse; undefined if it does not within 500. */
function readings(draw: (random: () => number) => [candidate: number, baseline: number], seed = 1) {
  const random = seededRandom(mixedSeed(seed));
  const judge = checkJudge(CHECKED, undefined, countingJudge);
  for (let i = 1; i <= 500; i++) {
    const [candidate, baseline] = draw(random);
    judge.compare?.({ atMs: i, check: "queue", candidate, baseline });
    if (judge.ruling(1).verdict === "regressed") return i;
  }
  return undefined;
}

describe("a custom check", () => {
  test("finds a value that is larger than tolerated, and names it", async () => {
    expect(readings(() => [20, 10])).toBeLessThan(12);
    const judge = checkJudge(CHECKED, undefined, countingJudge);
    for (let i = 0; i < 20; i++) judge.compare?.({ atMs: i, check: "queue", candidate: 20, baseline: 10 });
    expect(judge.ruling(1).because).toStartWith(
      "the check queue is more than 1.25 times as large for the candidate in 20 of 20 readings, at last 20 against 10",
    );
  });

  test("accepts equal, noisy, smaller and tolerated values", () => {
    expect(readings(() => [10, 10])).toBeUndefined();
    expect(readings(() => [0, 0])).toBeUndefined();
    expect(readings(() => [12, 10])).toBeUndefined();
    const seeds = Array.from({ length: 200 }, (_, seed) => seed);
    const noisy = seeds.filter((seed) => readings((random) => [random(), random()], seed) !== undefined);
    expect(noisy.length).toBeLessThanOrEqual(2);
  });

  test("rolls a candidate back, and the record reproduces it", async () => {
    const evidence = memoryEvidence();
    const simulation = new Simulation({ percents: [50, 100], settings: { ...CHECKED, stepMs: 90_000 } });
    const state = await simulation.run({
      makeJudge: trafficJudge,
      evidence: new EvidenceLog(evidence, { kyc: "1", bun: "1", platform: "x" }),
      checks: async () => [{ check: "queue", candidate: 9, baseline: 3 }],
    });
    expect([state.phase, state.reason]).toEqual(["rolled back", expect.stringContaining("the check queue")]);
    const lines = (await evidence.lines()).map((line): EvidenceLine => {
      const value: unknown = JSON.parse(line);
      if (!Check(EvidenceLine, value)) throw new Error(line);
      return value;
    });
    const { decisions } = replay(simulation.plan.settings, trafficJudge, lines);
    expect(decisions.some(({ again }) => again?.because.startsWith("the check queue") === true)).toBe(true);
  });

  test("continues from a snapshot", () => {
    const first = checkJudge(CHECKED, undefined, countingJudge);
    for (let i = 0; i < 5; i++) first.compare?.({ atMs: i, check: "queue", candidate: 2, baseline: 1 });
    const second = checkJudge(CHECKED, JSON.parse(JSON.stringify(first.snapshot())), countingJudge);
    expect(second.restored).toBe(true);
    expect(second.snapshot()).toEqual(first.snapshot());
  });
});

describe("a check of a field of answers", () => {
  const FIELD = "json:$.approved";
  const FIELDS = {
    stepMs: 60_000,
    bakeMs: 20_000,
    checks: [{ name: "approved", query: FIELD }, ...CHECKED.checks],
  };
  const rolledOut = async (ofCandidate: (random: () => number) => AnswerValue) => {
    const evidence = memoryEvidence();
    const simulation = new Simulation({
      percents: [50, 100],
      settings: FIELDS,
      engine: {
        behaviours: {
          "credit-check-basic": { errors: 0, ms: 10, answer: (random) => ({ [FIELD]: random() < 0.9 }) },
          "credit-check-advanced": {
            errors: 0,
            ms: 10,
            answer: (random) => ({ [FIELD]: ofCandidate(random) }),
          },
        },
      },
    });
    const state = await simulation.run({
      makeJudge: trafficJudge,
      evidence: new EvidenceLog(evidence, { kyc: "1", bun: "1", platform: "x" }),
    });
    const lines = (await evidence.lines()).map((line): EvidenceLine => {
      const value: unknown = JSON.parse(line);
      if (!Check(EvidenceLine, value)) throw new Error(line);
      return value;
    });
    const saved = await simulation.journal.load();
    if (saved === undefined) throw new Error("the journal was written");
    const { decisions } = replay(simulation.plan.settings, trafficJudge, lines);
    const differences = decisions.map(({ kept, again }) => again && rulingDifference(kept, again));
    return { state, differences, report: reportPage(reportData(saved, 0)) };
  };

  test("rolls a candidate back whose answers differ; the report shows it, and the record reproduces it", async () => {
    const { state, differences, report } = await rolledOut((random) => random() < 0.5);
    expect([state.phase, state.reason]).toEqual([
      "rolled back",
      expect.stringMatching(/^the check approved finds (true|false) in \d/),
    ]);
    expect(differences.length).toBeGreaterThan(3);
    expect(differences.every((difference) => difference === undefined)).toBe(true);
    expect(report).toContain("<h2>Checks</h2>");
    expect(report).toContain("json:$.approved");
  });

  test("accepts a candidate that answers alike, and is undecided if no answer has the field", async () => {
    expect((await rolledOut((random) => random() < 0.9)).state.phase).toBe("promoted");
    const judge = checkJudge({ ...SETTINGS, ...FIELDS }, undefined, countingJudge);
    const answer = (who: "candidate" | "baseline", value: AnswerValue) => ({
      ...{ atMs: 1, who, ok: true, ms: 1, count: 1, share: 0.5 },
      answer: [value],
    });
    for (let i = 0; i < 60; i++)
      judge.observe([
        answer("candidate", { missing: "not JSON" }),
        answer("baseline", { missing: "not JSON" }),
      ]);
    expect(judge.ruling(1)).toMatchObject({
      verdict: "undecided",
      because: "the check approved has found no value yet: not JSON in 120 answers",
    });
    judge.observe([answer("candidate", true)]);
    expect(judge.ruling(1).verdict).toBe("healthy");
  });

  test("is refused if the source does not report answers", () => {
    const { plan, engine } = new Simulation();
    const planned = () =>
      makePlan({
        ...{ id: "r1", service: "credit-check", engine, live: engine.live, revisions: [], to: "advanced" },
        ...{ percents: [100], by: "x", atMs: 0, settings: { ...plan.settings, ...FIELDS } },
        source: { name: "pods", place: "", lagMs: 0 },
      });
    expect(planned).toThrow(
      "--check approved=json:$.approved: source pods does not report the contents of answers; the local mesh does",
    );
  });
});

describe("the value of a check", () => {
  const asked: string[] = [];
  const answering = async (data: object) => {
    using server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch(request) {
        asked.push(new URL(request.url).searchParams.get("query") ?? "");
        return Response.json({ status: "success", data });
      },
    });
    const connection = { base: `http://127.0.0.1:${server.port}` };
    return await checkValue(connection, 'max(q{revision="$revision"})', "a-1", new AbortController().signal);
  };
  const vector = (...values: string[]) => ({
    resultType: "vector",
    result: values.map((value) => ({ metric: {}, value: [1, value] })),
  });

  test("is the result of the query, with the revision inserted", async () => {
    expect(await answering(vector("2.5"))).toBe(2.5);
    expect(await answering({ resultType: "scalar", result: [1, "3"] })).toBe(3);
    expect(asked[0]).toBe('max(q{revision="a-1"})');
  });

  test("is undefined without a result, and several are refused", async () => {
    expect(await answering(vector())).toBeUndefined();
    expect(await answering(vector("NaN"))).toBeUndefined();
    expect(answering(vector("1", "2"))).rejects.toThrow("has 2 values: aggregate them to one");
  });
});
