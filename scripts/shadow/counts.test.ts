import { expect, test } from "bun:test";
import { CountsOverTime, readCounts } from "./counts.ts";
import { aloneCounts, directed, sampleCounts } from "./testing/sample-counts.ts";

const segments = (pairs: number) => [
  {
    field: "tier",
    value: "gold",
    fields: { ok: { pairs, alone: aloneCounts({ fail: { candidate: 1, control: 0 } }) } },
  },
];

test("counts of a process that was killed are added to those of the next one", () => {
  const seen = new CountsOverTime();
  expect(seen.now).toBeUndefined();
  const first = { pairs: 30, received: 33, dropped: { busy: 3 } };
  seen.see(sampleCounts({ pairs: 10 }));
  seen.see(
    sampleCounts({
      ...first,
      fields: { ok: directed(30, { fail: { candidate: 2, control: 1 } }) },
      segments: segments(30),
    }),
  );
  expect(seen.now?.pairs).toBe(30);
  const next = { instance: "two", startedMs: 9_000 };
  seen.see(
    sampleCounts({
      ...next,
      pairs: 5,
      received: 5,
      fields: { ok: directed(5), more: directed(5) },
      segments: segments(25),
    }),
  );
  seen.see(
    sampleCounts({
      ...next,
      pairs: 7,
      received: 8,
      fields: { ok: directed(7), more: directed(7) },
      segments: segments(26),
    }),
  );
  expect(seen.now).toMatchObject({
    startedMs: 1_000,
    pairs: 37,
    received: 41,
    dropped: { busy: 3 },
    fields: { ok: { pairs: 37, alone: { fail: { candidate: 2, control: 1 } } }, more: { pairs: 7 } },
    segments: [{ value: "gold", fields: { ok: { pairs: 56, alone: { fail: { candidate: 2 } } } } }],
  });
});

test("an answer without counts is ignored", () => {
  expect(readCounts(sampleCounts())).toBeDefined();
  for (const value of [undefined, {}, { ...sampleCounts(), pairs: -1 }, { ...sampleCounts(), pairs: "1" }])
    expect(readCounts(value)).toBeUndefined();
});
