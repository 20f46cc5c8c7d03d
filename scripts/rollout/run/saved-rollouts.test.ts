import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Check } from "typebox/schema";
import { RolloutState } from "../../mesh/admin/schema.ts";
import { FileJournal } from "../journal/file-journal.ts";
import type { Saved } from "../journal/journal.ts";
import { finished } from "../testing/finished-rollout.ts";
import { currentRollouts, type ReadRollouts } from "./saved-rollouts.ts";

let folder = "";
let saved: Saved;
let judgingAt = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kyc-rollouts-"));
  ({ saved } = await finished({}));
  judgingAt = saved.entries.findIndex(({ state }) => state.phase === "judging");
});

afterAll(() => rm(folder, { recursive: true }));

/** Writes a rollout as it was after this many transitions. Returns the time of the last one. */
async function written(service: string, entries: number): Promise<number> {
  const journal = new FileJournal(join(folder, service));
  const [first, ...rest] = saved.entries.slice(0, entries);
  if (first === undefined) throw new Error("a journal has at least one entry");
  await journal.begin({ ...saved.plan, service }, first);
  for (const entry of rest) await journal.append(entry);
  await journal.checkpoint(saved.checkpoint);
  return (rest.at(-1) ?? first).event?.atMs ?? saved.plan.atMs;
}

describe("the rollouts of a folder", () => {
  test("are empty without a folder", async () => {
    expect(await currentRollouts(join(folder, "nothing"), 0)).toEqual([]);
  });

  test("have step, shares, both revisions and the verdict of a running one", async () => {
    const nowMs = (await written("under-way", judgingAt + 1)) + 500;
    const lock = join(folder, "under-way", "lock.holder.json");
    await writeFile(lock, JSON.stringify({ who: "ann@host", sinceMs: saved.plan.atMs }));
    await utimes(lock, nowMs / 1000, nowMs / 1000);
    const [rollout] = await currentRollouts(folder, nowMs);
    expect(Check(RolloutState, rollout)).toBe(true);
    expect(rollout).toMatchObject({
      service: "under-way",
      outcome: "under way",
      doing: expect.stringMatching(/^judging at \d+ %$/),
      carriedOut: { by: "ann@host", isAlive: true },
      candidate: { revision: "credit-check-advanced", requests: expect.any(Number) },
    });
    expect(rollout?.steps.filter(({ state }) => state === "now").length).toBe(1);
    expect(rollout?.verdict?.evidence.map(({ name }) => name)).toContain("worse");
    const [later] = await currentRollouts(folder, nowMs + 8_000);
    expect(later?.carriedOut).toMatchObject({ by: "ann@host", isAlive: false });
    await rm(join(folder, "under-way"), { recursive: true });
  });

  test("are read again only if their files have changed", async () => {
    const read: ReadRollouts = new Map();
    await written("under-way", judgingAt);
    const [before] = await currentRollouts(folder, saved.plan.atMs, read);
    const first = read.get(join(folder, "under-way"))?.rollout;
    await currentRollouts(folder, saved.plan.atMs, read);
    expect(read.get(join(folder, "under-way"))?.rollout).toBe(first);
    const journal = new FileJournal(join(folder, "under-way"));
    for (const entry of saved.entries.slice(judgingAt, judgingAt + 1)) await journal.append(entry);
    const [after] = await currentRollouts(folder, saved.plan.atMs, read);
    expect(after?.doing).not.toBe(before?.doing ?? "");
    expect(read.get(join(folder, "under-way"))?.rollout).not.toBe(first);
    await rm(join(folder, "under-way"), { recursive: true });
  });

  test("are omitted ten minutes after their end", async () => {
    const endedMs = await written("over", saved.entries.length);
    expect(await currentRollouts(folder, endedMs + 60_000)).toMatchObject([{ outcome: "promoted" }]);
    expect(await currentRollouts(folder, endedMs + 601_000)).toEqual([]);
    await rm(join(folder, "over"), { recursive: true });
  });

  test("are read despite entries that are not folders of services, such as files", async () => {
    await writeFile(join(folder, "a-file"), "");
    await writeFile(join(folder, "other"), "{}");
    await written("under-way", judgingAt + 1);
    expect(await currentRollouts(folder, saved.plan.atMs)).toHaveLength(1);
    for (const name of ["a-file", "other", "under-way"]) await rm(join(folder, name), { recursive: true });
  });

  test("are found despite an unreadable journal", async () => {
    const endedMs = await written("over", saved.entries.length);
    await written("damaged", 2);
    await writeFile(join(folder, "damaged", "journal.ndjson"), "no\njournal\n");
    expect((await currentRollouts(folder, endedMs)).map(({ service }) => service)).toEqual(["over"]);
  });
});
