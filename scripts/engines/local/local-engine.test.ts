import { describe, expect, test } from "bun:test";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { choose, withSample } from "../../../test/sample.ts";
import { CannotWrite, NothingRuns, SplitChanged, type SplitTarget } from "../../traffic/split/split.ts";
import type { RecordedEngine } from "../engine.ts";
import { lastToUndo } from "../../traffic/split/history.ts";
import { localEngine } from "./local-engine.ts";

const FILE = "knative/credit-check/2-advanced.yaml";

/** Calls a function with the engine of the sample's credit check. */
async function withEngine(
  split: string,
  use: (engine: RecordedEngine, root: string) => Promise<void>,
): Promise<void> {
  await withSample([choose(split)], async (root) => {
    await use(await localEngine({ root, service: "credit-check", now: () => 5 }), root);
  });
}

function shares(targets: readonly SplitTarget[]): string {
  return targets
    .map(({ revision, tag, percent }) => `${revision}${tag ? `#${tag}` : ""} ${percent}`)
    .join(", ");
}

function to(targets: readonly SplitTarget[], ...percents: number[]): SplitTarget[] {
  return targets.map((target, i) => ({ ...target, percent: percents[i] ?? 0 }));
}

describe("the split in the files", () => {
  test("is the last state's traffic block if Knative decides, and only its numbers change", async () => {
    await withEngine("by-knative", async (engine, root) => {
      const before = await readFile(join(root, FILE), "utf8");
      const read = await engine.read();
      expect(shares(read.targets)).toBe("credit-check-basic#basic 50, credit-check-advanced#advanced 50");
      expect(engine.place).toMatch(`${FILE}:`);
      const written = await engine.write(to(read.targets, 90, 10), read.version, "me");
      expect(shares(written.targets)).toBe("credit-check-basic#basic 90, credit-check-advanced#advanced 10");
      expect(written.changed).toEqual({ by: "me", atMs: 5 });
      expect(await readFile(join(root, FILE), "utf8")).toBe(
        before.replace("percent: 50", "percent: 90").replace("percent: 50", "percent: 10"),
      );
      expect((await readdir(join(root, "knative/credit-check"))).sort()).toEqual([
        "1-basic.yaml",
        "2-advanced.yaml",
      ]);
    });
  });

  test("distinguishes an edit from its own change, and an untouched file from an edit", async () => {
    await withEngine("by-knative", async (engine, root) => {
      const { changed, targets, version } = await engine.read();
      expect(changed).toBeUndefined();
      await engine.write(to(targets, 90, 10), version, "me");
      const path = join(root, FILE);
      const text = await readFile(path, "utf8");
      await writeFile(path, text.replace("percent: 90", "percent: 80").replace("percent: 10", "percent: 20"));
      expect((await engine.read()).changed?.by).toBe(`an edit of ${FILE}`);
    });
  });

  test.each(["by-istio", "by-istio-tags"])(
    "consists of the weights of %s if a VirtualService decides",
    async (split) => {
      await withEngine(split, async (engine, root) => {
        const file = `istio/split/${split}/virtual-service.yaml`;
        const before = await readFile(join(root, file), "utf8");
        const read = await engine.read();
        expect(engine.place).toMatch(`${file}:`);
        expect(shares(read.targets)).toBe("credit-check-basic#basic 50, credit-check-advanced#advanced 50");
        const written = await engine.write(to(read.targets, 100, 0), read.version, "me");
        expect(shares(written.targets)).toBe(
          "credit-check-basic#basic 100, credit-check-advanced#advanced 0",
        );
        const finer = await engine.write(to(read.targets, 99.5, 0.5), written.version, "me");
        expect(finer.targets.map(({ percent }) => percent)).toEqual([99.5, 0.5]);
        expect(await readFile(join(root, file), "utf8")).toBe(
          before.replace("weight: 50", "weight: 995").replace("weight: 50", "weight: 5"),
        );
      });
    },
  );

  test("gets a destination for a new revision in the form of the others", async () => {
    await withEngine("by-istio", async (engine, root) => {
      const knative = await readFile(join(root, FILE), "utf8");
      const third = knative.replaceAll("credit-check-advanced", "credit-check-v3");
      await writeFile(
        join(root, "knative/credit-check/3-v3.yaml"),
        third.replace("tag: advanced", "tag: v3"),
      );
      const read = await engine.read();
      expect(shares(read.targets)).toEndWith("credit-check-v3#v3 0");
      const [basic, advanced, v3] = read.targets as [SplitTarget, SplitTarget, SplitTarget];
      await engine.write(
        [
          { ...basic, percent: 70 },
          { ...advanced, percent: 0 },
          { ...v3, percent: 30 },
        ],
        read.version,
        "me",
      );
      const text = await readFile(join(root, "istio/split/by-istio/virtual-service.yaml"), "utf8");
      expect(text).toEndWith(`        - destination:
            host: credit-check-v3.kyc.svc.cluster.local
            port:
              number: 80
          weight: 30
          headers:
            request:
              set:
                Knative-Serving-Namespace: kyc
                Knative-Serving-Revision: credit-check-v3
            response:
              set:
                x-kyc-revision: credit-check-v3
`);
      expect(shares((await engine.read()).targets)).toBe(
        "credit-check-basic#basic 70, credit-check-advanced 0, credit-check-v3#v3 30",
      );
    });
  });

  test("keeps targets' lines when tags move, and follows @latest", async () => {
    await withEngine("by-knative", async (engine, root) => {
      const { targets, version } = await engine.read();
      const [basic, advanced] = targets as [SplitTarget, SplitTarget];
      const latest = { revision: "credit-check-advanced", tag: "next", percent: 10, latest: true };
      await engine.write(
        [{ ...basic, tag: undefined, percent: 90 }, { ...advanced, percent: 0 }, latest],
        version,
        "me",
      );
      expect(await readFile(join(root, FILE), "utf8")).toEndWith(`  traffic:
    - revisionName: credit-check-basic
      percent: 90
    - revisionName: credit-check-advanced
      tag: advanced
      percent: 0
    - latestRevision: true
      tag: next
      percent: 10
`);
      expect((await engine.read()).targets.at(-1)).toEqual(latest);
    });
  });

  test("does not overwrite a foreign change since it was read", async () => {
    await withEngine("by-knative", async (engine, root) => {
      const { targets, version } = await engine.read();
      const path = join(root, FILE);
      const edited = (await readFile(path, "utf8"))
        .replace("percent: 50", "percent: 60")
        .replace("percent: 50", "percent: 40");
      await writeFile(path, edited);
      const refused = await engine.write(to(targets, 100, 0), version, "me").catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(SplitChanged);
      if (refused instanceof SplitChanged)
        expect(refused.now.targets.map(({ percent }) => percent)).toEqual([60, 40]);
      expect(await readFile(path, "utf8")).toBe(edited);
      expect(await engine.changes()).toEqual([]);
    });
  });

  test("is written by one of many concurrent writers; the others get an error", async () => {
    await withEngine("by-knative", async (engine) => {
      const { targets, version } = await engine.read();
      const results = await Promise.allSettled(
        Array.from({ length: 8 }, (_, i) =>
          engine.write(to(targets, 90 - i, 10 + i), version, `writer ${i}`),
        ),
      );
      expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      const [change, ...others] = await engine.changes();
      expect(others).toEqual([]);
      expect(change?.after).toEqual((await engine.read()).targets);
    });
  });

  test("changes to buckets on request, and back to weights, byte for byte as before", async () => {
    await withEngine("by-istio", async (engine, root) => {
      const path = join(root, "istio/split/by-istio/virtual-service.yaml");
      const before = await readFile(path, "utf8");
      const first = await engine.read();
      expect(first.header).toBeUndefined();
      const form = { header: "x-kyc-bucket" };
      const kept = await engine.write(to(first.targets, 99.99, 0.01), first.version, "me", false, form);
      expect(kept.header).toBe("x-kyc-bucket");
      expect(kept.targets.map(({ percent }) => percent)).toEqual([99.99, 0.01]);
      const text = await readFile(path, "utf8");
      expect(text).toStartWith(before.slice(0, before.indexOf("    - name: split")));
      expect(text).toContain(`    - name: split-advanced
      match:
        - headers:
            x-kyc-bucket:
              regex: "0000"
      retries:
        attempts: 0
      route:
        - destination:
            host: credit-check-advanced.kyc.svc.cluster.local
`);
      // A step of a rollout keeps the form.
      const step = await engine.write(to(kept.targets, 0, 100), kept.version, "me");
      expect(step.header).toBe("x-kyc-bucket");
      expect(step.targets.map(({ percent }) => percent)).toEqual([100, 0]);
      expect(step.targets[0]?.revision).toBe("credit-check-advanced");
      const [basic, advanced] = [...step.targets].reverse() as [SplitTarget, SplitTarget];
      await engine.write(to([basic, advanced], 50, 50), step.version, "me", false, { header: undefined });
      expect(await readFile(path, "utf8")).toBe(before);
      expect((await engine.changes()).map(({ forms }) => forms)).toEqual([
        { after: "x-kyc-bucket" },
        undefined,
        { before: "x-kyc-bucket" },
      ]);
    });
  });

  test.each([
    ["by-istio", undefined],
    ["by-istio-tags", undefined],
    ["by-istio", "x-kyc-bucket"],
  ])(
    "leads a preview to its revision before %s with buckets %p, and goes back byte for byte",
    async (split, header) => {
      await withEngine(split, async (engine, root) => {
        const path = join(root, `istio/split/${split}/virtual-service.yaml`);
        let start = await engine.read();
        start = await engine.write(to(start.targets, 100, 0), start.version, "me", false, { header });
        const before = await readFile(path, "utf8");
        expect(await engine.previewRefusal?.()).toBeUndefined();
        const preview = { header: "x-preview", value: "advanced" };
        const [basic, ...others] = start.targets;
        const wanted = start.targets.map((target) =>
          target.revision === "credit-check-advanced" ? { ...target, preview } : target,
        );
        const led = await engine.write(wanted, start.version, "me");
        expect(led.targets.find(({ preview: is }) => is !== undefined)).toMatchObject({
          revision: "credit-check-advanced",
          percent: 0,
          preview,
        });
        expect([led.version === start.version, others.length, basic?.percent]).toEqual([false, 1, 100]);
        const text = await readFile(path, "utf8");
        const at = text.indexOf("    - name: kyc-preview\n");
        const [line = ""] = before.match(/ {4}- name: split.*\n/) ?? [];
        expect(at).toBe(before.indexOf(line));
        expect(text.slice(at, text.indexOf(line))).toStartWith(`    - name: kyc-preview
      match:
        - headers:
            x-preview:
              exact: advanced
      retries:
        attempts: 0
      route:
        - destination:
`);
        // The same again, and a step after it.
        const again = await engine.write(wanted, led.version, "me");
        expect(await readFile(path, "utf8")).toBe(text);
        const step = await engine.write(to(start.targets, 90, 10), again.version, "me");
        expect(step.targets.map(({ percent, preview: is }) => [percent, is])).toEqual([
          [90, undefined],
          [10, undefined],
        ]);
        expect(await readFile(path, "utf8")).not.toContain("kyc-preview");
        await engine.write(start.targets, step.version, "me");
        expect(await readFile(path, "utf8")).toBe(before);
      });
    },
  );

  test("has no preview by a header if Knative decides, and suggests the alternative", async () => {
    await withEngine("by-knative", async (engine) => {
      expect(await engine.previewRefusal?.()).toContain("--preview tag judges what callers of");
      const { targets, version } = await engine.read();
      const preview = { header: "x-preview", value: "advanced" };
      const wanted = targets.map((target, i) => (i === 1 ? { ...target, preview } : target));
      expect(engine.write(wanted, version, "me")).rejects.toThrow("split/by-istio");
    });
  });

  test("cannot change to buckets if Knative decides", async () => {
    await withEngine("by-knative", async (engine) => {
      const { targets, version } = await engine.read();
      const form = { header: "x-kyc-bucket" };
      expect(engine.write(targets, version, "me", false, form)).rejects.toThrow("split/by-istio");
    });
  });

  test("can be undone change by change", async () => {
    await withEngine("by-knative", async (engine) => {
      for (const percent of [90, 70, 20]) {
        const { targets, version } = await engine.read();
        await engine.write(to(targets, percent, 100 - percent), version, "me");
      }
      for (const percent of [70, 90, 50]) {
        const last = lastToUndo(await engine.changes());
        const { targets } = await engine.write(last?.before ?? [], (await engine.read()).version, "me", true);
        expect(targets[0]?.percent).toBe(percent);
      }
      expect(lastToUndo(await engine.changes())).toBeUndefined();
    });
  });

  test("refuses fractions for Knative, and tags for Istio, which belong to the Knative Service", async () => {
    await withEngine("by-knative", async (engine) => {
      const { targets, version } = await engine.read();
      expect(engine.write(to(targets, 99.5, 0.5), version, "me")).rejects.toThrow(CannotWrite);
    });
    await withEngine("by-istio", async (engine) => {
      const { targets, version } = await engine.read();
      const other = targets.map((target, i) => (i === 0 ? { ...target, tag: "old" } : target));
      expect(engine.write(other, version, "me")).rejects.toThrow(CannotWrite);
    });
  });

  test("suggests the nearest service for an unknown name, and the command to run if nothing runs", async () => {
    await withSample([], async (root) => {
      expect(localEngine({ root, service: "credit-chek" })).rejects.toThrow("did you mean credit-check?");
      const engine = await localEngine({ root, service: "credit-check" });
      expect(await engine.runs()).toBe(false);
      expect(engine.inForce(new AbortController().signal)).rejects.toThrow(NothingRuns);
      expect((await engine.revisions()).map(({ name, ready }) => [name, ready])).toEqual([
        ["credit-check-basic", false],
        ["credit-check-advanced", false],
      ]);
    });
  });
});
