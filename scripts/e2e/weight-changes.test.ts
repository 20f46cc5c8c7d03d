import { describe, expect, test } from "bun:test";
import type { LoadResult } from "../load/steady.ts";
import { report } from "./weight-changes.ts";

const request = (sentAt: number, revision: string, status = 200): LoadResult => ({
  sentAt,
  ms: 1,
  status,
  error: status === 0 ? "reset" : undefined,
  revision,
});

/** The checks of changes to `b` at 1000 and back to `a` at 3000, as `name: seen ok`. */
function told(results: LoadResult[]): string[] {
  const changes = [
    { at: 1_000, inForceAt: 1_070, to: "b" },
    { at: 3_000, inForceAt: 3_030, to: "a" },
  ];
  const failed = results.filter(({ status }) => status !== 200);
  return report("g", changes, { results, failed }).map(
    ({ name, seen, ok }) =>
      `${name.replace("from the command to the ", "")}: ${seen} ${ok ? "ok" : "FAILED"}`,
  );
}

describe("changes of weights under load", () => {
  test("are reported with the first request on the new route and the last on the old one", () => {
    const results = [
      request(900, "a"),
      request(1_010, "a"),
      // The proxies do not change simultaneously, and responses arrive in any order.
      request(1_060, "a"),
      request(1_040, "b"),
      request(2_900, "b"),
      request(3_020, "a"),
    ];
    expect(told(results)).toEqual([
      "failed of 6 requests: 0 ok",
      "changes that took all requests: 2 ok",
      "sent the old way after the engine reported the change in force: 0 ok",
      "engine's report that it is in force, median: 70 ms ok",
      "engine's report that it is in force, longest: 70 ms ok",
      "first request under the new weights, median: 40 ms ok",
      "last request under the old weights, median: 60 ms ok",
      "last request under the old weights, longest: 60 ms ok",
    ]);
  });

  test("that are never in force, or not permanently, fail", () => {
    const never = [request(1_010, "a"), request(2_900, "a"), request(3_020, "a")];
    expect(told(never)[1]).toBe("changes that took all requests: 1 FAILED");
    const back = [request(1_010, "b"), request(2_900, "a"), request(3_020, "a")];
    expect(told(back)[1]).toBe("changes that took all requests: 1 FAILED");
  });

  test("that the engine reports in force too early fail", () => {
    const results = [request(1_010, "b"), request(1_080, "a"), request(2_900, "b"), request(3_020, "a")];
    expect(told(results)[2]).toBe("sent the old way after the engine reported the change in force: 1 FAILED");
  });

  test("during which requests fail are failed checks, with the kinds of failure", () => {
    const results = [
      request(1_010, "b"),
      request(1_020, "", 503),
      request(1_030, "", 0),
      request(3_010, "a"),
    ];
    expect(told(results)[0]).toBe("failed of 4 requests: 1 x 503, 1 x reset FAILED");
  });
});
