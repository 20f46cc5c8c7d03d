import { expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finished } from "../testing/finished-rollout.ts";
import { FileJournal } from "./file-journal.ts";
import { rolloutMetrics } from "./journal-metrics.ts";

test("the last rollout of each service is reported with phase, share and verdict", async () => {
  const folder = await mkdtemp(join(tmpdir(), "rollouts-"));
  try {
    expect(await rolloutMetrics(join(folder, "none"))).not.toMatch(/^kyc/m);
    const { saved } = await finished({});
    const journal = new FileJournal(join(folder, saved.plan.service));
    const [first, ...others] = saved.entries;
    if (first === undefined) throw new Error("a journal has a first entry");
    await journal.begin(saved.plan, first);
    const { service, baseline, candidate } = saved.plan;
    const own = `service="${service}",baseline="${baseline}",candidate="${candidate}"`;
    // A journal of another version is ignored and does not hide others.
    await mkdir(join(folder, "broken"));
    await writeFile(join(folder, "broken", "journal.ndjson"), "{}\n{}\n");
    expect(await rolloutMetrics(folder)).toContain(`kyc_rollout_abandoned{${own}} 1\n`);

    for (const entry of others) await journal.append(entry);
    expect((await rolloutMetrics(folder)).match(/^kyc_.*$/gm)).toEqual([
      `kyc_rollout_phase{${own},phase="promoted"} 1`,
      `kyc_rollout_candidate_percent{${own}} 100`,
      `kyc_rollout_verdict{${own},verdict="healthy"} 1`,
      `kyc_rollout_abandoned{${own}} 0`,
    ]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
