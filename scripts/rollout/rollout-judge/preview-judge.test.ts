import { expect, test } from "bun:test";
import { Check } from "typebox/schema";
import { EvidenceLine } from "../record/evidence-line.ts";
import { EvidenceLog } from "../record/evidence-log.ts";
import { replay, rulingDifference } from "../record/replay.ts";
import { memoryEvidence } from "../testing/memory-evidence.ts";
import { SETTINGS, Simulation } from "../testing/simulation.ts";
import { mixedSeed, seededRandom } from "../../traffic/random.ts";
import { trafficJudge } from "./traffic-judge.ts";

const PREVIEW = { header: "x-preview", value: "advanced", forMs: 30_000 };

/** Runs a rollout whose candidate fails this often, with 100 requests per second and ten that ask for the preview. */
async function previewed(errors: number, more: { header?: string; rps?: number; seed?: number } = {}) {
  const { rps = 100, seed = 1, ...how } = more;
  const evidence = memoryEvidence();
  const preview = "header" in how ? PREVIEW : { forMs: PREVIEW.forMs };
  const simulation = new Simulation({ errors, seed, settings: { preview, stepMs: 5_000 }, engine: { rps } });
  const state = await simulation.run({
    makeJudge: trafficJudge,
    evidence: new EvidenceLog(evidence, { kyc: "1", bun: "1", platform: "x" }),
  });
  const phases = simulation.entries.map((entry) => entry.state.phase);
  const { engine, clock } = simulation;
  return { state, phases, evidence, simulation, engine, clock };
}

test("a failing preview is rolled back before any other request reaches the candidate", async () => {
  const { state, engine, evidence, simulation } = await previewed(0.5, { header: "x-preview" });
  expect([state.phase, state.reason]).toEqual([
    "rolled back",
    expect.stringMatching(
      /^in the preview \d+ requests? of \d+ failed, more than [\d.]+ %, the limit that follows from the baseline/,
    ),
  ]);
  expect(engine.writes.map((targets) => targets[1]?.percent)).toEqual([0, 0]);
  expect(engine.live.targets.every(({ preview }) => preview === undefined)).toBe(true);
  const lines = (await evidence.lines()).map((line): EvidenceLine => {
    const value: unknown = JSON.parse(line);
    if (!Check(EvidenceLine, value)) throw new Error(line);
    return value;
  });
  const { decisions } = replay(simulation.plan.settings, trafficJudge, lines);
  expect(decisions.at(-3)?.again?.because).toStartWith("in the preview");
  expect(decisions.map(({ kept, again }) => again && rulingDifference(kept, again))).not.toContainEqual(
    expect.any(String),
  );
});

test("a good preview is followed by the first percent, and its route is removed", async () => {
  const { state, phases, engine } = await previewed(0, { header: "x-preview" });
  expect(phases.indexOf("previewing")).toBeGreaterThan(0);
  expect(phases.indexOf("judging")).toBeGreaterThan(phases.indexOf("previewing"));
  expect(engine.writes[0]?.[1]).toMatchObject({ percent: 0, preview: { header: "x-preview" } });
  expect(engine.writes[1]?.[1]).toMatchObject({ percent: 10 });
  expect(engine.writes[1]?.[1]).not.toHaveProperty("preview");
  expect(state.phase).toBe("promoted");
});

test("a preview with few requests holds the rollout", async () => {
  const { state } = await previewed(0);
  expect([state.phase, state.reason]).toEqual([
    "held",
    "0 requests in 30 s of preview, 0 of them failed: fewer than 5 prove nothing",
  ]);
});

test("a preview that fails as often as the baseline is not rolled back", () => {
  const taken = Array.from({ length: 200 }, (_, seed) => {
    const random = seededRandom(mixedSeed(seed));
    const judge = trafficJudge({ ...SETTINGS, preview: PREVIEW }, undefined);
    for (let i = 0; i < 3_000; i++) {
      const isPreview = random() < 0.2;
      const who = isPreview ? ("candidate" as const) : ("baseline" as const);
      const more = isPreview ? { preview: true } : {};
      judge.observe([{ atMs: i * 50, who, ok: random() >= 0.05, ms: 5, count: 1, share: 0, ...more }]);
    }
    return judge.ruling(1).verdict === "regressed";
  });
  expect(taken.filter(Boolean).length).toBe(0);
});
