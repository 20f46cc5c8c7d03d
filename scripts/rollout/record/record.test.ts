import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { appendFile, mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "../../traffic/random.ts";
import { AuditLog } from "../audit/audit-log.ts";
import { newKey, privateKeyOf, publicKeyOf } from "../audit/signed-head.ts";
import type { Saved } from "../journal/journal.ts";
import type { RolloutJudge, Observation } from "../rollout-judge/rollout-judge.ts";
import { trafficJudge } from "../rollout-judge/traffic-judge.ts";
import { KilledProcess, SETTINGS, Simulation, type SimulationOptions } from "../testing/simulation.ts";
import { countingJudge } from "../testing/counting-judge.ts";
import { memoryEvidence } from "../testing/memory-evidence.ts";
import { evidenceFiles, KEPT_MS, KEPT_ROLLOUTS, pruneEvidence } from "./evidence-files.ts";
import { EvidenceLog, type EvidenceStore } from "./evidence-log.ts";
import { EvidenceLine } from "./evidence-line.ts";
import { recordOf, type RecordSources } from "./record.ts";
import { replay } from "./replay.ts";
import { sealed } from "./seal.ts";
import { shadowBefore } from "./shadow-evidence.ts";
import { assess } from "../../shadow/assess.ts";
import { directed, sampleCounts } from "../../shadow/testing/sample-counts.ts";
import { emptyTally } from "../tally.ts";
import { Check } from "typebox/schema";
import { verifyRecord } from "./verify-record.ts";

const VERSIONS = { kyc: "1.2.3", bun: "1.4.5", platform: "linux x64" };
const pem = newKey();
const [key, publicKey] = [privateKeyOf(pem), publicKeyOf(pem)];
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kyc-record-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

interface Ran {
  simulation: Simulation;
  evidence: EvidenceStore;
}

function begun(options: SimulationOptions): Ran {
  return { simulation: new Simulation(options), evidence: memoryEvidence() };
}

async function sourcesOf({ simulation, evidence }: Ran): Promise<RecordSources> {
  const saved = await simulation.journal.load();
  if (saved === undefined) throw new Error("nothing was written down");
  return {
    saved,
    audit: await auditOf(saved),
    evidence: await evidence.lines(),
    namespace: "kyc",
    writtenBy: "examiner",
    writtenAtMs: 1_800_000_000_000,
    versions: VERSIONS,
  };
}

async function auditOf({ plan, entries }: Saved): Promise<string[]> {
  const lines: string[] = [];
  const store = { lines: async () => lines, add: async (line: string) => void lines.push(line) };
  await (await AuditLog.open(store)).catchUp(plan, entries);
  return lines;
}

const makeJudge = (...given: Parameters<typeof trafficJudge>): RolloutJudge => trafficJudge(...given);
const verified = (text: string) => verifyRecord(Buffer.from(text, "utf8"), publicKey);

describe("the record of a rollout", () => {
  test("reproduces each verdict of a rollback and of a promotion", async () => {
    for (const [errors, verdict, to] of [
      [1, "regressed", "restoring"],
      [0, "healthy", "shifting"],
    ] as const) {
      const ran = begun({ errors, percents: [25, 100], settings: { bakeMs: 1_000 } });
      await ran.simulation.run({ makeJudge, evidence: new EvidenceLog(ran.evidence, VERSIONS) });
      const checked = verified(recordOf(await sourcesOf(ran), key));
      expect(checked).toMatchObject({ findings: [], limits: [], rollout: "r1" });
      expect(checked.verdicts).toContainEqual(
        expect.objectContaining({ verdict, to, outcomes: expect.any(Number) }),
      );
    }
  });

  test("covers a process that was killed and one that continued from the checkpoint", async () => {
    const ran = begun({ percents: [25, 100], settings: { stepMs: 12_000, bakeMs: 1_000 } });
    const killed = new KilledProcess(30, "after");
    await Promise.race([
      ran.simulation.run({
        ...killed.options(ran.simulation),
        makeJudge,
        evidence: new EvidenceLog(ran.evidence, VERSIONS),
      }),
      killed.died,
    ]);
    await ran.simulation.resume({ makeJudge, evidence: new EvidenceLog(ran.evidence, VERSIONS) });
    const sources = await sourcesOf(ran);
    expect(sources.evidence.filter((line) => line.includes('"begin"'))).toHaveLength(2);
    expect(verified(recordOf(sources, key))).toMatchObject({ findings: [], limits: [] });
  });

  test("reports what cannot be recomputed after old outcomes were dropped", async () => {
    const ran = begun({ percents: [25, 100], settings: { stepMs: 18_000, bakeMs: 1_000 } });
    await ran.simulation.run({ makeJudge, evidence: new EvidenceLog(ran.evidence, VERSIONS, 30_000) });
    const sources = await sourcesOf(ran);
    expect(sources.evidence.join("\n").length).toBeLessThan(200_000);
    const { findings, limits, verdicts } = verified(recordOf(sources, key));
    expect(findings).toEqual([]);
    expect(limits.join("\n")).toContain("the outcomes before it were removed");
    expect(verdicts.some(({ outcomes }) => outcomes !== null)).toBe(true);
    expect(verified(recordOf({ ...sources, evidence: [] }, key)).limits).toContain(
      "It holds no outcomes, so no verdict can be computed again.",
    );
  });

  test("detects each of 2,000 changed bytes, and names the line", async () => {
    const ran = begun({ errors: 1, percents: [25, 100], settings: { bakeMs: 1_000 } });
    await ran.simulation.run({ makeJudge, evidence: new EvidenceLog(ran.evidence, VERSIONS) });
    const bytes = Buffer.from(recordOf(await sourcesOf(ran), key), "utf8");
    const random = seededRandom(11);
    for (let i = 0; i < 2_000; i++) {
      const spoilt = Buffer.from(bytes);
      const at = Math.floor(random() * spoilt.length);
      spoilt[at] = (spoilt[at] ?? 0) ^ (1 + Math.floor(random() * 255));
      const line = bytes.subarray(0, at).filter((byte) => byte === 10).length + 1;
      const [first] = verifyRecord(spoilt, publicKey).findings;
      // An added or removed line break shifts the following lines.
      const isBreak = bytes[at] === 10 || spoilt[at] === 10;
      expect(first).toStartWith(isBreak ? "" : `line ${line} (`);
    }
    for (const text of [bytes.subarray(0, -1), bytes.subarray(0, bytes.length / 2), Buffer.from("")])
      expect(verifyRecord(text, publicKey).findings).not.toEqual([]);
    expect(verifyRecord(bytes, publicKeyOf(newKey())).findings).toEqual([
      expect.stringContaining("it names the key"),
    ]);
  });

  test("contains the preceding comparison on mirrored requests, and reproduces its verdict", async () => {
    const ran = begun({ errors: 1, percents: [25, 100], settings: { bakeMs: 1_000 } });
    await ran.simulation.run({ makeJudge, evidence: new EvidenceLog(ran.evidence, VERSIONS) });
    const counts = sampleCounts({ fields: { passed: directed(25_000) } });
    const { verdict, because, criteria } = assess(counts, []);
    const shadow = {
      id: "shadow-credit-check-0a1b2c",
      service: "credit-check",
      control: { revision: "credit-check-basic", tag: "basic" },
      candidate: { revision: "credit-check-advanced", tag: "advanced" },
      ...{ by: "ann@host", percent: 10, beganMs: 1, endedMs: 2, isInterrupted: false },
      ...{ verdict, because, criteria: [...criteria], counts },
    };
    const reports = join(folder, "reports");
    await mkdir(reports);
    await writeFile(join(reports, `${shadow.id}.json`), JSON.stringify(shadow));
    const found = await shadowBefore(reports, ran.simulation.plan, 3);
    expect(found?.verdict).toBe("accepted");
    expect(await shadowBefore(reports, ran.simulation.plan, 1)).toBeUndefined();
    const sources = await sourcesOf(ran);
    expect(verified(recordOf({ ...sources, shadow: found }, key)).findings).toEqual([]);
    const made = { ...shadow, verdict: "rejected" as const };
    expect(verified(recordOf({ ...sources, shadow: made }, key)).findings).toEqual([
      expect.stringMatching(/^shadow: it says "rejected: .* lead to "accepted: /),
    ]);
  });

  test("that its own writer forged contradicts itself", async () => {
    const ran = begun({ errors: 1, percents: [25, 100], settings: { bakeMs: 1_000 } });
    await ran.simulation.run({ makeJudge, evidence: new EvidenceLog(ran.evidence, VERSIONS) });
    const lines = recordOf(await sourcesOf(ran), key)
      .split("\n")
      .slice(0, -2);
    const forged = (change: (line: string) => string): string[] =>
      verified(sealed(lines.map(change), key, "now")).findings;
    expect(forged((line) => line)).toEqual([]);
    const within = (part: string, from: RegExp | string, to: string) => (line: string) =>
      line.startsWith(`{"part":"${part}"`) ? line.replace(from, to) : line;
    expect(forged(within("outcomes", /\\"ce\\"/g, '\\"c\\"'))[0]).toContain("its outcomes lead to");
    expect(forged(within("journal", '"phase":"restoring"', '"phase":"promoted"'))[0]).toContain(
      "does not follow from the one before",
    );
    expect(forged(within("people", '"by":"tester@host"', '"by":"other"'))[0]).toContain("people:");
    expect(forged(within("splits", '"percent":100', '"percent":50'))[0]).toContain("splits:");
    expect(
      forged(within("equality", "host: credit-check-basic", "host: credit-check-advanced"))[0],
    ).toContain("equality:");
    expect(forged(within("audit", "rolled back", "promoted"))[0]).toContain("audit line");
    expect(forged(within("record", '"format":1', '"format":2'))[0]).toContain("format 2");
  });
});

describe("the evidence of a judge", () => {
  test("continues after a crash left a line incomplete", async () => {
    const path = join(folder, "broken");
    const first = new EvidenceLog(evidenceFiles(path), VERSIONS);
    first.begin(null, 1);
    await first.flush();
    await appendFile(join(path, "evidence.ndjson"), '{"mark":');
    const second = new EvidenceLog(evidenceFiles(path), VERSIONS);
    second.begin(null, 2);
    await second.flush();
    expect((await evidenceFiles(path).lines()).map((line) => Object.keys(JSON.parse(line)))).toEqual([
      ["begin"],
      ["begin"],
    ]);
  });

  test("is removed only if it is neither one of the latest of its service nor recent", async () => {
    const path = join(folder, "many");
    const idOf = (service: string, i: number) =>
      `${service}-20260101-${String(100_000 + i)}-${(i + 0x1000).toString(16)}`;
    const nowMs = Date.now();
    const written = async (id: string, agoMs: number): Promise<string> => {
      await mkdir(join(path, id), { recursive: true });
      await writeFile(join(path, id, "evidence.ndjson"), "");
      await utimes(join(path, id, "evidence.ndjson"), new Date(), new Date(nowMs - agoMs));
      return id;
    };
    expect(await pruneEvidence(path, "check", nowMs)).toEqual([]);
    for (let i = 0; i < KEPT_ROLLOUTS + 3; i++) await written(idOf("check", i), KEPT_MS + 60_000);
    // It is still running, or ended a short time ago.
    const running = await written(idOf("check", 1), KEPT_MS - 60_000);
    const other = await written(idOf("check-two", 0), KEPT_MS + 60_000);
    const foreign = await written("check-notes", KEPT_MS + 60_000);
    expect(await pruneEvidence(path, "check", nowMs)).toEqual([idOf("check", 0), idOf("check", 2)]);
    const left = await readdir(path);
    expect(left).toHaveLength(KEPT_ROLLOUTS + 3);
    for (const id of [running, other, foreign]) expect(left).toContain(id);
    expect(await pruneEvidence(path, "check", nowMs)).toEqual([]);
  });

  test("has a gap while the disk is full for long, which the next snapshot ends", async () => {
    const store = memoryEvidence();
    let isFull = true;
    const log = new EvidenceLog(
      { ...store, append: (text) => (isFull ? Promise.reject(new Error("ENOSPC")) : store.append(text)) },
      VERSIONS,
    );
    log.begin(null, 0);
    const judge = log.recorded(countingJudge(SETTINGS, undefined));
    const batch = (atMs: number): Observation[] =>
      Array.from({ length: 2_000 }, () => ({
        atMs,
        who: "baseline",
        ok: true,
        ms: 1,
        count: 1,
        share: 0,
      }));
    for (let i = 0; i < 260; i++) judge.observe(batch(i));
    expect(log.flush()).rejects.toThrow("ENOSPC");
    isFull = false;
    log.mark(1_000, judge.snapshot());
    judge.observe(batch(1_001));
    const ruling = judge.ruling(1);
    log.decide({ entry: 7, next: 100, coveredMs: 0, ruling, tally: emptyTally() });
    await log.flush();
    const lines = (await store.lines()).map((line): unknown => JSON.parse(line));
    if (!lines.every((line) => Check(EvidenceLine, line))) throw new Error("each is a line of evidence");
    const { gaps, decisions } = replay(SETTINGS, countingJudge, lines);
    expect(gaps[0]).toMatch(/^\d+ lines of outcomes could not be written/);
    expect(decisions).toHaveLength(1);
    expect(decisions[0]?.again).toEqual(ruling);
  });
});
