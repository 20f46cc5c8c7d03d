import { describe, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { Simulation } from "../testing/simulation.ts";
import { AuditLog } from "./audit-log.ts";
import { fileStore } from "./file-store.ts";
import { verifyLog } from "./verify-log.ts";

/** Returns the log of two rollouts, and the journal of the first. */
async function log(): Promise<{ text: string; simulation: Simulation }> {
  const lines: string[] = [];
  const store = { lines: async () => lines, add: async (line: string) => void lines.push(line) };
  const simulation = new Simulation();
  await simulation.run();
  for (let i = 0; i < 2; i++) {
    const saved = await simulation.journal.load();
    if (saved === undefined) throw new Error("nothing was written down");
    await (await AuditLog.open(store)).catchUp({ ...saved.plan, id: `r${i}` }, saved.entries);
  }
  return { text: `${lines.join("\n")}\n`, simulation };
}

describe("an audit log", () => {
  test("is complete across rollouts, and reports its last hash", async () => {
    const { text } = await log();
    expect(verifyLog(text)).toMatchObject({ whole: true, lines: text.split("\n").length - 1, rollouts: 2 });
    expect(verifyLog("")).toEqual({ whole: true, lines: 0, head: "0".repeat(64), heads: [], rollouts: 0 });
  });

  test("detects a changed character, a removed line, and swapped lines", async () => {
    const { text } = await log();
    const lines = text.split("\n").slice(0, -1);
    const joined = (some: string[]): string => `${some.join("\n")}\n`;
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: lines.length - 2 }),
        fc.constantFrom("change", "drop", "swap"),
        (i, how) => {
          const [at = "", after = ""] = [lines[i], lines[i + 1]];
          const spoilt = {
            change: [...lines.slice(0, i), at.replace('"by":"', '"by":"m'), ...lines.slice(i + 1)],
            drop: [...lines.slice(0, i), ...lines.slice(i + 1)],
            swap: [...lines.slice(0, i), after, at, ...lines.slice(i + 2)],
          }[how];
          const checked = verifyLog(joined(spoilt));
          expect(checked).toMatchObject({ whole: false, line: how === "change" ? i + 2 : i + 1 });
        },
      ),
    );
    expect(verifyLog(text.slice(0, -5))).toMatchObject({ whole: false, what: "it is broken off" });
    expect(verifyLog("x\n")).toEqual({ whole: false, line: 1, what: "it is not a line of an audit log" });
  });

  test("in a file loses only a line that a crash left incomplete, and continues after it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "kyc-audit-"));
    try {
      const path = join(folder, "audit/service.ndjson");
      const { simulation } = await log();
      const saved = await simulation.journal.load();
      if (saved === undefined) throw new Error("nothing was written down");
      await (await AuditLog.open(fileStore(path))).catchUp(saved.plan, saved.entries);
      const text = await readFile(path, "utf8");
      await writeFile(path, text.slice(0, -20));
      await (await AuditLog.open(fileStore(path))).catchUp(saved.plan, saved.entries);
      expect(await readFile(path, "utf8")).toBe(text);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
