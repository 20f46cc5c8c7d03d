import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createMetrics } from "../../../functions/shared/telemetry/metrics.ts";
import { Counters, STARTED } from "./counters.ts";
import { CALLS, callsOf } from "./http-histograms.ts";
import { readSamples, type Sample } from "./samples.ts";

const isWanted = (name: string): boolean => name === `${CALLS}_bucket` || name === STARTED;

function bucket(le: string, value: number, labels: Record<string, string> = {}): Sample {
  return {
    name: `${CALLS}_bucket`,
    labels: { upstream: "check", revision: "check-a", outcome: "ok", ...labels, le },
    value,
  };
}

describe("a page of metrics", () => {
  test("is read as the service writes it", async () => {
    const metrics = createMetrics({ revision: "caller-1" });
    metrics.upstreamCall({ upstream: "credit-check", revision: "credit-check-basic", outcome: "ok" }, 30);
    metrics.upstreamCall({ upstream: "credit-check", revision: "credit-check-basic", outcome: "ok" }, 20_000);
    metrics.upstreamCall({ upstream: "credit-check", revision: "unknown", outcome: "server_error" }, 1);
    metrics.upstreamCall({ upstream: "credit-check", revision: "credit-check-basic", outcome: "aborted" }, 1);
    const counters = new Counters(callsOf("credit-check"));
    const samples = readSamples(await metrics.text(), isWanted);
    const outcomes = counters.added("pod", samples, { fromMs: 6, atMs: 7, beganAfterMs: 5 });
    expect(outcomes).toEqual([
      {
        atMs: 7,
        sinceMs: 5,
        revision: "credit-check-basic",
        ok: true,
        ms: 50,
        fromMs: 25,
        count: 1,
        excluded: undefined,
      },
      {
        atMs: 7,
        sinceMs: 5,
        revision: "credit-check-basic",
        ok: true,
        ms: 60_000,
        fromMs: 10_000,
        count: 1,
        excluded: undefined,
      },
      {
        atMs: 7,
        sinceMs: 5,
        revision: undefined,
        ok: false,
        ms: 1,
        fromMs: 0,
        count: 1,
        failure: { what: "server_error", requestId: "" },
        excluded: undefined,
      },
      {
        atMs: 7,
        sinceMs: 5,
        revision: "credit-check-basic",
        ok: false,
        ms: 1,
        fromMs: 0,
        count: 1,
        kind: "abandoned",
        failure: { what: "aborted", requestId: "" },
        excluded: undefined,
      },
    ]);
  });

  test("may have anything in its labels, and lines that are not samples", () => {
    const page = `# HELP a b\n${CALLS}_bucket{a="x\\"}, y",b="\\\\",le="+Inf"} 3 1700000\nnonsense\n${STARTED} 1.5e+9\nother 1\n`;
    expect(readSamples(page, isWanted)).toEqual([
      { name: `${CALLS}_bucket`, labels: { a: 'x"}, y', b: "\\", le: "+Inf" }, value: 3 },
      { name: STARTED, labels: {}, value: 1.5e9 },
    ]);
  });
});

describe("counters", () => {
  const counts = (counters: Counters, name: string, isNew: boolean, ...samples: Sample[]): number =>
    counters
      .added(name, samples, { fromMs: 0, atMs: 0, beganAfterMs: isNew ? 0 : undefined })
      .reduce((sum, { count }) => sum + count, 0);
  const started = (value: number): Sample => ({ name: STARTED, labels: {}, value });

  test("count from the first values of a process, and from zero if it started since", () => {
    const counters = new Counters(callsOf("check"));
    expect(counts(counters, "old", false, bucket("1", 5), bucket("+Inf", 7))).toBe(0);
    expect(counts(counters, "new", true, bucket("1", 5), bucket("+Inf", 7))).toBe(7);
    expect(counts(counters, "old", false, bucket("1", 6), bucket("+Inf", 9))).toBe(2);
  });

  test("detect a restarted process by its start time, or by a counter that fell", () => {
    const counters = new Counters(callsOf("check"));
    counts(counters, "p", false, started(1), bucket("+Inf", 5));
    expect(counts(counters, "p", false, started(2), bucket("+Inf", 8))).toBe(8);
    counts(counters, "q", false, bucket("+Inf", 5));
    expect(counts(counters, "q", false, bucket("+Inf", 3))).toBe(3);
    expect(counts(counters, "q", false, bucket("+Inf", 3))).toBe(0);
  });

  test("lose nothing and count nothing twice, whenever pods come, go, restart or cannot be reached", () => {
    const step = fc.record({
      pod: fc.nat(2),
      what: fc.constantFrom("serve", "look", "restart", "miss", "replace"),
      many: fc.integer({ min: 1, max: 5 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const counters = new Counters(callsOf("check"));
        const pods = [0, 1, 2].map((i) => ({
          name: `pod ${i}`,
          started: 1,
          served: 0,
          isNew: false,
          unseen: 0,
        }));
        let [told, owed] = [0, 0];
        const look = (pod: (typeof pods)[number]): void => {
          told += counts(
            counters,
            pod.name,
            pod.isNew,
            started(pod.started),
            bucket("1", pod.served),
            bucket("+Inf", pod.served),
          );
          owed += pod.unseen;
          pod.unseen = 0;
        };
        for (const pod of pods) look(pod);
        for (const [i, { pod: number, what, many }] of steps.entries()) {
          const pod = pods[number] as (typeof pods)[number];
          if (what === "serve") {
            pod.served += many;
            pod.unseen += many;
          } else if (what === "look") look(pod);
          else if (what === "restart") {
            // Counts after the last look at a container are lost.
            look(pod);
            [pod.started, pod.served] = [i + 2, 0];
          } else if (what === "replace") {
            look(pod);
            pods[number] = { name: `pod ${i} again`, started: i + 2, served: 0, isNew: true, unseen: 0 };
            counters.keep(new Set(pods.map(({ name }) => name)));
          }
        }
        for (const pod of pods) look(pod);
        expect(told).toBe(owed);
      }),
    );
  });
});
