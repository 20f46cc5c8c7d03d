import { describe, expect, test } from "bun:test";
import { gatherSplit } from "../engines/split-view.ts";
import { FakeEngine, fakeSource, targetsOf } from "../engines/testing/fake-engine.ts";
import type { OutcomeSource } from "../sources/source.ts";
import { drawChange, drawSplit } from "./draw-split.ts";
import { PLAIN } from "./style.ts";

const file = async () => ({ targets: targetsOf({ basic: 50, advanced: 50 }), place: "knative/check.yaml:7" });

async function drawn(engine: FakeEngine, counts = new Map<string, number>()): Promise<string> {
  const source = fakeSource(engine.running ? counts : undefined);
  const view = await gatherSplit(engine, source, file, new AbortController().signal);
  return drawSplit(view, { style: PLAIN, nowMs: 61_000 }).join("\n");
}

describe("a split is drawn", () => {
  test("with the share of applicants if the source knows their buckets", async () => {
    const counts = new Map([
      ["check-basic", 50],
      ["check-advanced", 50],
    ]);
    const buckets = new Map([
      ["check-basic", 9],
      ["check-advanced", 1],
    ]);
    const source = { ...fakeSource(counts), observed: async () => ({ sinceMs: 0, counts, buckets }) };
    const view = await gatherSplit(new FakeEngine(), source, file, new AbortController().signal);
    expect(drawSplit(view, { style: PLAIN, nowMs: 61_000 })).toContain(
      "of applicants, by the buckets seen: check-basic 90 %, check-advanced 10 %",
    );
  });

  test("with the share of applicants by the live ranges if the source counts requests alone", async () => {
    const counts = new Map([["check-basic", 50]]);
    const source = { ...fakeSource(counts), observed: async () => ({ sinceMs: 0, counts }) };
    const engine = new FakeEngine();
    engine.targets = targetsOf({ basic: 80, advanced: 20 });
    const view = await gatherSplit(engine, source, file, new AbortController().signal);
    const ofApplicants = "of applicants, by the live ranges: check-basic 80 %, check-advanced 20 %";
    const draw = (header: string | undefined) =>
      drawSplit({ ...view, header }, { style: PLAIN, nowMs: 61_000 });
    expect(draw("x-kyc-bucket")).toContain(ofApplicants);
    expect(draw(undefined)).not.toContain(ofApplicants);
  });

  test("with the counts so far if the time ends while the source waits for an answer", async () => {
    const over = AbortSignal.timeout(20);
    const { observed: _, ...source } = fakeSource(undefined);
    const waiting: OutcomeSource = {
      ...source,
      async *outcomes(signal) {
        yield [
          { revision: "check-basic", count: 5, ok: true, ms: 1, sinceMs: 0, atMs: 0, excluded: undefined },
        ];
        await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      },
    };
    const { observed } = await gatherSplit(new FakeEngine(), waiting, file, over);
    expect(observed?.requests).toBe(5);
  });

  test("without the files of a Knative Service that has the name of what is split between Deployments", async () => {
    const engine = Object.assign(new FakeEngine(), { splitsDeployments: true });
    engine.targets = targetsOf({ v1: 90, v2: 10 });
    const text = await drawn(engine);
    expect(text).toContain("check-v1  v1");
    expect(text).not.toContain("basic");
    expect(text).not.toContain("files");
  });

  test("with all its sides, and with a remedy if they disagree", async () => {
    const engine = new FakeEngine();
    await engine.write(targetsOf({ basic: 90, advanced: 10 }), "1", "me@here");
    engine.targets = targetsOf({ basic: 20, advanced: 80 });
    engine.changedBy = { by: "kubectl-patch", atMs: 31_000 };
    const counts = new Map([
      ["check-basic", 20],
      ["check-advanced", 80],
    ]);
    expect(await drawn(engine, counts)).toMatchInlineSnapshot(`
      "check  by knative, memory

        revision        tag       planned  last change  live                 observed
        check-basic     basic        50 %         90 %  20 %  20 % (10.1 % to 35.8 %)
        check-advanced  advanced     50 %         10 %  80 %  80 % (64.2 % to 89.9 %)

      observed: 100 requests in 61 s; intervals of 99.9 %
      set by kubectl-patch, 30 s ago
      last change by this tool: me@here, 60 s ago

      kubectl-patch changed the live split without this tool and without the files.
        to restore the split that this tool set last:
          ./kyc split check --engine knative --traffic basic=90,advanced=10
        to apply the split in the files:
          ./kyc split check --engine knative --traffic basic=50,advanced=50
        to write the live split into the files:
          ./kyc split check --engine local --traffic basic=20,advanced=80"
    `);
  });

  test("if nothing runs", async () => {
    const engine = new FakeEngine();
    engine.name = "local";
    engine.running = false;
    expect(await drawn(engine)).toMatchInlineSnapshot(`
      "check  by local, memory

        revision        tag       planned  last change  live  observed
        check-basic     basic        50 %            –     –         –
        check-advanced  advanced     50 %            –     –         –

      Nothing runs here: ./kyc dev starts it."
    `);
  });

  test("with a revision that is not ready", async () => {
    const engine = new FakeEngine();
    engine.states[1] = { name: "check-advanced", ready: false, reason: "ImagePullBackOff" };
    expect(await drawn(engine)).toMatchInlineSnapshot(`
      "check  by knative, memory

        revision        tag       planned  last change  live  observed
        check-basic     basic        50 %            –  50 %         –
        check-advanced  advanced     50 %            –  50 %         –

      observed: no request in 61 s; intervals of 99.9 %
      check-advanced is not ready: ImagePullBackOff"
    `);
  });
});

describe("a change is drawn", () => {
  const change = {
    service: "check",
    engine: "istio",
    place: "VirtualService kyc/kyc-check",
    before: targetsOf({ basic: 50, advanced: 50 }),
    after: targetsOf({ basic: 99.5, advanced: 0.5 }),
    changedShare: 49.5,
    remainder: undefined,
  };

  test("target by target, with its duration", () => {
    expect(drawChange({ ...change, writtenMs: 31.4, inForceMs: 120.2 }, PLAIN).join("\n"))
      .toMatchInlineSnapshot(`
      "check  by istio, VirtualService kyc/kyc-check

        check-basic (basic)        50 % → 99.5 %
        check-advanced (advanced)  50 % → 0.5 %

      49.5 % of the requests reach another revision than before.
      In force after 152 ms: 31 ms to write it, 120 ms until every gateway had it.  (back: ./kyc split check --undo)"
    `);
  });

  test("as a dry run, with the revision that gets the rest", () => {
    const remainder = { revision: "check-basic", percent: 99.5 };
    expect(drawChange({ ...change, remainder, isDryRun: true }, PLAIN).join("\n")).toMatchInlineSnapshot(`
      "check  by istio, VirtualService kyc/kyc-check

        check-basic (basic)        50 % → 99.5 %
        check-advanced (advanced)  50 % → 0.5 %

      check-basic gets the 99.5 % that were left.
      49.5 % of the requests reach another revision than before.
      Nothing was changed: this was a dry run."
    `);
  });

  test("if it changes nothing", () => {
    expect(drawChange({ ...change, after: change.before, changedShare: 0 }, PLAIN).join("\n"))
      .toMatchInlineSnapshot(`
      "check  by istio, VirtualService kyc/kyc-check

        check-basic (basic)        50 % → 50 %
        check-advanced (advanced)  50 % → 50 %

      No request reaches another revision than before.
      It is so already."
    `);
  });
});
