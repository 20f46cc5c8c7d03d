import { describe, expect, test } from "bun:test";
import type { Outcome } from "../../sources/source.ts";
import { Failures } from "./failures.ts";

const outcome = (more: Partial<Outcome> = {}): Outcome => ({
  ...{ atMs: 0, revision: "a", ok: false, ms: 1, count: 1, excluded: undefined, route: "GET /report" },
  ...more,
});

describe("failures", () => {
  test("are counted by revision, route and kind, with the ids of the first five", () => {
    const failures = new Failures();
    for (let i = 0; i < 7; i++)
      failures.add("candidate", outcome({ failure: { what: "503", requestId: `id${i}` } }));
    failures.add("baseline", outcome({ failure: { what: "no answer", requestId: "" } }));
    failures.add("candidate", outcome({ ok: true }));
    failures.add("candidate", outcome({ ok: true, kind: "rejected", route: undefined }));
    expect(failures.saved).toEqual([
      {
        ...{ side: "candidate", route: "GET /report", what: "503", count: 7 },
        requestIds: ["id0", "id1", "id2", "id3", "id4"],
      },
      { side: "baseline", route: "GET /report", what: "no answer", count: 1, requestIds: [] },
      { side: "candidate", route: "", what: "rejected", count: 1, requestIds: [] },
    ]);
    const again = new Failures(failures.saved);
    again.add("candidate", outcome({ failure: { what: "503", requestId: "late" } }));
    expect(again.saved[0]).toMatchObject({ count: 8 });
  });

  test("are bounded for any routes and ids of callers", () => {
    const failures = new Failures();
    for (let i = 0; i < 500; i++)
      failures.add(
        "candidate",
        outcome({ route: `GET /${i}`, failure: { what: "500", requestId: "x".repeat(1000) } }),
      );
    expect(failures.saved.length).toBe(41);
    expect(failures.saved.at(-1)).toMatchObject({ route: "all others", count: 460 });
    expect(JSON.stringify(failures.saved).length).toBeLessThan(12_000);
  });
});
