import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { choose, withSample } from "../../test/sample.ts";
import { serviceContext } from "../cluster/kube/service-context.ts";
import { CannotWrite, UnknownService } from "../traffic/split/split.ts";
import { targetsOf } from "./testing/fake-engine.ts";
import { SplitFiles } from "./write-back.ts";

const FILE = "knative/credit-check/2-advanced.yaml";

const split = (basic: number, advanced: number, header?: string) => ({
  targets: targetsOf({ basic, advanced }, "credit-check"),
  header,
});

async function inSample(
  owner: string,
  use: (files: SplitFiles, root: string) => Promise<void>,
): Promise<void> {
  await withSample([choose(owner)], async (root) => {
    await use(await SplitFiles.open(serviceContext({ service: "credit-check", root })), root);
  });
}

describe("the split of a cluster in the files", () => {
  test("changes only the numbers, once", async () => {
    await inSample("by-knative", async (files, root) => {
      const before = await readFile(join(root, FILE), "utf8");
      const written = await files.write(split(30, 70), "me");
      expect(written).toEqual({ place: expect.stringContaining(FILE), changed: true });
      expect(await readFile(join(root, FILE), "utf8")).toBe(
        before.replace("percent: 50", "percent: 30").replace("percent: 50", "percent: 70"),
      );
      expect((await files.write(split(30, 70), "me")).changed).toBe(false);
    });
  });

  test("changes the weights if a VirtualService of the files decides", async () => {
    await inSample("by-istio", async (files, root) => {
      const { place } = await files.write(split(99.5, 0.5), "me");
      expect(place).toContain("istio/split/by-istio/virtual-service.yaml");
      const text = await readFile(join(root, "istio/split/by-istio/virtual-service.yaml"), "utf8");
      expect(text).toContain("weight: 995");
    });
  });

  test("is refused if the files cannot express it, and leaves them unchanged", async () => {
    await inSample("by-knative", async (files, root) => {
      const before = await readFile(join(root, FILE), "utf8");
      const foreign = { targets: targetsOf({ basic: 90, v9: 10 }, "credit-check"), header: undefined };
      expect(files.check(foreign)).rejects.toThrow("the files have no revision credit-check-v9");
      expect(files.write(split(90, 10, "x-kyc-bucket"), "me")).rejects.toThrow(CannotWrite);
      expect(files.write(split(99.5, 0.5), "me")).rejects.toThrow("whole numbers");
      expect(await readFile(join(root, FILE), "utf8")).toBe(before);
    });
    await withSample([choose("by-knative")], async (root) => {
      const opened = SplitFiles.open(serviceContext({ service: "other", root }));
      expect(opened).rejects.toThrow(UnknownService);
      await opened.catch(() => undefined);
    });
  });
});
