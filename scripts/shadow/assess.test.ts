import { describe, expect, test } from "bun:test";
import { assess } from "./assess.ts";
import { readCriterion } from "./criteria.ts";
import { aloneCounts, directed, sampleCounts } from "./testing/sample-counts.ts";

const limits = (...texts: string[]) => texts.flatMap((text) => readCriterion(text) ?? []);
const ONE = limits("checkPass.fail<0.1%");

describe("a candidate", () => {
  test("is accepted when every limit is kept for long enough", () => {
    const fields = (pairs: number) => ({ answered: directed(pairs), checkPass: directed(pairs) });
    const early = assess(sampleCounts({ pairs: 1000, fields: fields(1000) }), ONE);
    expect(early).toMatchObject({ verdict: "undecided", because: expect.stringContaining("checkPass.fail") });
    expect(assess(sampleCounts({ pairs: 6000, fields: fields(6000) }), ONE)).toMatchObject({
      verdict: "accepted",
      because: "every limit is kept, with 99 % confidence",
    });
  });

  test("is rejected when one is broken, and not when the control is as noisy", () => {
    const fields = (control: number) => ({
      checkPass: directed(3000, { fail: { candidate: 30, control } }),
    });
    const broken = assess(sampleCounts({ pairs: 3000, fields: fields(0) }), ONE);
    expect(broken).toMatchObject({ verdict: "rejected", because: "checkPass.fail beyond the limit" });
    expect(assess(sampleCounts({ pairs: 3000, fields: fields(30) }), ONE).verdict).toBe("undecided");
  });

  test("is rejected if it does not answer, for any limits", () => {
    const fields = {
      answered: directed(500, { fail: { candidate: 50, control: 0 } }),
      checkPass: directed(450),
    };
    expect(assess(sampleCounts({ fields }), ONE).because).toBe("answered.fail beyond the limit");
  });

  test("may raise fields that only it has, within a limit", () => {
    const raised = (found: number) => {
      const only = { control: { pairs: 0, found: 0 }, candidate: { pairs: 2000, found } };
      const fields = { answered: directed(9000), trained: { ...directed(0), only } };
      return assess(sampleCounts({ fields }), limits("trained.found<5%")).verdict;
    };
    expect([raised(20), raised(100), raised(400)]).toEqual(["accepted", "undecided", "rejected"]);
  });

  test("is undecided before anything was compared", () => {
    expect(assess(sampleCounts(), []).because).toBe("nothing was compared yet");
  });
});

describe("a segment", () => {
  const segment = (value: string, candidate: number) => ({
    field: "nationality",
    value,
    fields: { checkPass: { pairs: 8000, alone: aloneCounts({ fail: { candidate, control: 0 } }) } },
  });

  test("is named if a limit is broken only in it, and prevents acceptance", () => {
    const fields = {
      answered: directed(400_000),
      checkPass: directed(400_000, { fail: { candidate: 60, control: 0 } }),
    };
    const counts = sampleCounts({
      fields,
      segments: [segment("SE", 60), segment("DE", 1), segment("FR", 8)],
    });
    const { verdict, because, named } = assess(counts, ONE);
    expect(named.map(({ segment: { value }, field, change }) => [value, field, change])).toEqual([
      ["SE", "checkPass", "fail"],
    ]);
    expect([verdict, because]).toEqual([
      "undecided",
      "the limits are kept overall, but not in nationality SE",
    ]);
  });

  test("is not named for a field without a limit", () => {
    const counts = sampleCounts({
      fields: { answered: directed(9000), checkPass: directed(9000) },
      segments: [segment("SE", 500)],
    });
    expect(assess(counts, limits("answered.fail<1%")).named).toEqual([]);
  });
});
