import { describe, expect, test } from "bun:test";
import { noBrowser, pageFaults } from "../../test/browser.ts";
import { assess } from "../shadow/assess.ts";
import { readCriterion } from "../shadow/criteria.ts";
import { reportPage } from "../shadow/report/page.ts";
import { aloneCounts, directed, sampleCounts } from "../shadow/testing/sample-counts.ts";
import { drawMismatches, drawShadow, drawShadowLine } from "./draw-shadow.ts";
import { PLAIN } from "./style.ts";

const fail = { candidate: 60, control: 2 };
const counts = sampleCounts({
  pairs: 4000,
  received: 4100,
  dropped: { busy: 100, rate: 0 },
  unconfirmed: 1,
  ignored: [{ name: "type", reason: "names the <version>" }],
  fields: {
    answered: directed(4000),
    checkPass: { ...directed(4000, { fail }), repeated: { pairs: 200, fail: 1, pass: 0, mismatch: 0 } },
    trained: {
      ...directed(0),
      only: { control: { pairs: 0, found: 0 }, candidate: { pairs: 4000, found: 40 } },
    },
  },
  segments: [
    { field: "tier", value: "gold", fields: { checkPass: { pairs: 4000, alone: aloneCounts({ fail }) } } },
  ],
  mismatches: [{ hash: "00ff", atMs: Date.UTC(2026, 10, 28, 12, 30, 1), changes: ["checkPass.fail"] }],
});
const assessment = assess(counts, [readCriterion("checkPass.fail<0.1%") ?? expect.unreachable()]);

describe("a comparison", () => {
  test("is drawn with each limit, the named segments, fields of only one version, and ignored fields", () => {
    const text = drawShadow(counts, assessment, PLAIN).join("\n");
    expect(text).toStartWith("rejected: checkPass.fail beyond the limit");
    expect(text).toMatch(/checkPass\.fail<0\.1% +4 000 +60 +2 +1\.45 % .* rejected/);
    expect(text).toContain("tier gold: checkPass.fail 1.45 %");
    expect(text).toContain("trained is the candidate's alone, and raised in 40 of 4 000 (1 %)");
    expect(text).toContain("4 100 requests mirrored, 4 000 compared; not compared: 100 busy");
    expect(text).toContain("the control asked twice for 200 requests: 1 field differed by its own noise");
    expect(text).toContain("type is ignored: names the <version>");
  });

  test("is one line without a terminal", () => {
    expect(drawShadowLine(counts, assessment, PLAIN)).toBe(
      "4 000 pairs, rejected: checkPass.fail beyond the limit",
    );
    expect(drawMismatches(counts)).toEqual(["12:30:01  00ff  checkPass.fail"]);
  });

  test("has a report with the same content, without scripts, and with space for a signature", async () => {
    const version = { tag: "a", revision: "check-a" };
    const page = reportPage({
      id: "shadow-check-1",
      service: "check",
      control: version,
      candidate: { tag: "b", revision: "check-b" },
      engine: "local",
      place: "routes.yaml:1",
      by: "ann@host",
      percent: 10,
      beganMs: 0,
      endedMs: 60_000,
      isInterrupted: false,
      ...assessment,
      counts,
    });
    for (const part of [
      "Rejected",
      "check-a → check-b",
      "checkPass.fail&lt;0.1%",
      "names the &lt;version&gt;",
      "00ff",
      "Signature",
      "ann@host",
    ])
      expect(page).toContain(part);
    expect(page).not.toMatch(/<script|https?:/);
    if (noBrowser() === undefined) expect(await pageFaults(page)).toEqual([]);
  });
});
